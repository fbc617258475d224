import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { SluiceError, errorText, isSluiceError, systemCode } from '../errors.ts'
import { ClientConnection } from './client-connection.ts'
import { reach } from './reach.ts'
import { sharedLookup } from './shared-lookup.ts'

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  /** Milliseconds for the look-up of the name, TCP, TLS and Avro's handshake together. */
  readonly connectTimeout: number
  readonly requestTimeout: number
  readonly signal?: AbortSignal
  /** TLS and compression: the stream that carries frames in the clear. */
  readonly layer?: (socket: Socket) => Promise<Duplex>
}

const lookup = sharedLookup()

/**
 * Connects to an Avro source and shakes hands; by itself it is the test of a connection. The name is resolved anew each
 * time. Rejects with `SLUICE_PEER`, `SLUICE_TLS`, `SLUICE_TIMEOUT` or `SLUICE_ABORTED`, naming the peer.
 */
export async function connect(options: ConnectOptions): Promise<ClientConnection> {
  const { host, port, clock, connectTimeout, signal } = options
  const peer = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const fail = (code: SluiceError['code'], reason: string, cause?: unknown) =>
    new SluiceError(code, `${peer}: ${reason}`, { cause, details: { peer } })
  if (signal?.aborted) throw fail('SLUICE_ABORTED', 'connecting was given up')
  const over = new AbortController()
  let abort = () => {}
  const limit = new Promise<never>((_, reject) => {
    abort = () => reject(fail('SLUICE_ABORTED', 'connecting was given up'))
    signal?.addEventListener('abort', abort, { once: true })
    void clock.sleep(connectTimeout, over.signal).then(() => {
      reject(fail('SLUICE_TIMEOUT', `no connection within ${connectTimeout} ms`))
    })
  })
  let socket: Socket | undefined
  const open = async (): Promise<ClientConnection> => {
    socket = await reach({ host, port, clock, lookup, signal: over.signal })
    // It may have got through in the moment in which the time was over.
    if (over.signal.aborted) {
      socket.destroy()
      throw fail('SLUICE_ABORTED', 'connecting was given up')
    }
    return shake(socket, peer, options)
  }
  try {
    return await Promise.race([open(), limit])
  } catch (error) {
    socket?.destroy()
    throw isSluiceError(error) ? error : fail('SLUICE_PEER', trouble(error), error)
  } finally {
    signal?.removeEventListener('abort', abort)
    over.abort()
  }
}

/** What an operator can do something about; the system's own code for whoever looks it up. */
const troubles: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on this port',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name servers do not answer',
  EHOSTUNREACH: 'no way leads to this host',
  ENETUNREACH: 'no way leads to the network of this host',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it closed the connection at once',
}

function trouble(error: unknown): string {
  const code = systemCode(error) ?? ''
  const words = troubles[code]
  return words === undefined ? errorText(error) : `${words} (${code})`
}

async function shake(socket: Socket, peer: string, options: ConnectOptions): Promise<ClientConnection> {
  const stream = options.layer ? await options.layer(socket) : socket
  const connection = new ClientConnection(stream, peer, options)
  if (stream !== socket) connection.onClosed(() => socket.destroySoon())
  await connection.handshake()
  return connection
}
