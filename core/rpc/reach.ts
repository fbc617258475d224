import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { connect as connectSocket, type LookupFunction, type Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { endsDeadPeers } from '../dead-peers.ts'

export interface ReachOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly lookup: LookupFunction
  /** Gives up; without effect once it has resolved. */
  readonly signal: AbortSignal
}

/** Milliseconds before the next address is tried beside those that do not answer (RFC 8305 §5). */
const stagger = 250
/**
 * Milliseconds before an address that has not answered is asked anew: the system asks again ever more seldom, so that a
 * network which heals would be noticed only many seconds later.
 */
const again = 2000
/** Attempts on one address at once: an answer may take as long as the older of them lives. */
const attemptsEach = 3
/** As Node's sockets ask: only for families that this machine has; Windows finds no localhost then. */
const hints = process.platform === 'win32' ? 0 : ADDRCONFIG

/**
 * Opens a TCP connection to whichever address of the host answers first (RFC 8305, "happy eyeballs"). Node's own way gives
 * every address but the last 250 ms, and the last one all the time that is left: over a slow link to a name whose last
 * address is dead it never arrives. Rejects with the first address's error when none is left that could answer, and with
 * the signal's reason when that aborts.
 */
export async function reach(options: ReachOptions): Promise<Socket> {
  const { host, port, clock, signal } = options
  const addresses = mixed(await addressesOf(options))
  signal.throwIfAborted()
  const over = new AbortController()
  const attempts: { readonly address: LookupAddress; readonly socket: Socket }[] = []
  let failure: Error | undefined
  let settle: (socket: Socket | Error) => void = () => undefined
  const first = new Promise<Socket>((resolve, reject) => {
    settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
  })
  /** Ends the wait for the attempts that are under way. */
  let failed = new AbortController()

  const attempt = (address: LookupAddress): void => {
    const older = attempts.filter((one) => one.address === address)
    if (older.length >= attemptsEach) older[0]?.socket.destroy()
    const socket = connectSocket({ host: address.address, port, noDelay: true, ...endsDeadPeers })
    const own = { address, socket }
    attempts.push(own)
    socket.once('connect', () => settle(socket))
    // Stays: a socket that is not wanted any more may still report an error.
    socket.on('error', (error) => (failure ??= error))
    socket.once('close', () => {
      attempts.splice(attempts.indexOf(own), 1)
      failed.abort()
    })
  }
  const tryAll = async (): Promise<void> => {
    for (;;) {
      for (const address of addresses) {
        if (over.signal.aborted) return
        attempt(address)
        // The next one waits only while there is hope for this one.
        failed = new AbortController()
        await clock.sleep(stagger, AbortSignal.any([over.signal, failed.signal]))
      }
      if (attempts.length === 0) {
        settle(failure ?? new Error(`${host} has no address`))
        return
      }
      const until = clock.monotonic() + again
      while (attempts.length > 0 && clock.monotonic() < until && !over.signal.aborted) {
        failed = new AbortController()
        await clock.sleep(until - clock.monotonic(), AbortSignal.any([over.signal, failed.signal]))
      }
      if (attempts.length === 0 && !over.signal.aborted) {
        settle(failure ?? new Error(`${host} does not answer`))
        return
      }
    }
  }

  const giveUp = () => settle(signal.reason instanceof Error ? signal.reason : new Error('given up'))
  signal.addEventListener('abort', giveUp, { once: true })
  let reached: Socket | undefined
  try {
    void tryAll()
    return (reached = await first)
  } finally {
    over.abort()
    signal.removeEventListener('abort', giveUp)
    for (const { socket } of [...attempts]) if (socket !== reached) socket.destroy()
  }
}

function addressesOf({ host, lookup }: ReachOptions): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, hints }, (error, addresses) => {
      if (error !== null) reject(error)
      else resolve(typeof addresses === 'string' ? [] : addresses)
    })
  })
}

/** The families in turn, the system's first choice first (RFC 8305 §4): a family that does not work costs one attempt. */
function mixed(addresses: readonly LookupAddress[]): LookupAddress[] {
  const family = addresses[0]?.family
  const one = addresses.filter((address) => address.family === family)
  const other = addresses.filter((address) => address.family !== family)
  return Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [one[at], other[at]])
    .flat()
    .filter((address) => address !== undefined)
}
