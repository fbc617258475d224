import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Role } from '../control/contract.ts'
import type { Log } from '../log.ts'

interface Held {
  socket: Socket
  /** Undefined until it has shown who it is. */
  role: Role | undefined
  /** Requests that are being answered on it; a subscription is one for as long as it lasts. */
  busy: number
}

const noticeEvery = 60_000

/**
 * Keeps the number of connections down without keeping an operator out: when there is no room for a new one, the oldest
 * that has not shown a token goes, then one that is signed in but idle, then the oldest that may only look.
 */
export class ConnectionLimit {
  readonly #most: number
  readonly #clock: Clock
  readonly #log: Log
  /** Both by the peer's address and port, the oldest first. */
  readonly #strangers = new Map<string, Held>()
  readonly #known = new Map<string, Held>()
  #turnedAway = 0
  #noticedAt = -Infinity

  constructor(most: number, clock: Clock, log: Log) {
    this.#most = most
    this.#clock = clock
    this.#log = log
  }

  get open(): number {
    return this.#strangers.size + this.#known.size
  }

  /** A connection was made; of TLS, a second time with what it became. */
  joined(socket: Socket): void {
    if (socket.destroyed) return
    const peer = peerOf(socket)
    const before = this.#strangers.get(peer)
    if (before) before.socket = socket
    else {
      if (this.open >= this.#most && !this.#makeRoom()) {
        socket.destroy()
        return
      }
      this.#strangers.set(peer, { socket, role: undefined, busy: 0 })
    }
    socket.once('close', () => {
      for (const held of [this.#strangers, this.#known]) if (held.get(peer)?.socket === socket) held.delete(peer)
    })
  }

  /** A request with a valid token or session came over it. */
  vouched(socket: Socket, role: Role): void {
    const peer = peerOf(socket)
    const held = this.#strangers.get(peer)
    if (held === undefined) return
    this.#strangers.delete(peer)
    held.role = role
    this.#known.set(peer, held)
  }

  /** A request is being answered, until the returned function is called. */
  working(socket: Socket): () => void {
    const peer = peerOf(socket)
    const held = this.#known.get(peer) ?? this.#strangers.get(peer)
    if (held === undefined) return () => undefined
    held.busy++
    return () => held.busy--
  }

  /** Those too of which HTTP does not know yet, in the middle of a TLS handshake. */
  closeAll(): void {
    for (const held of [this.#strangers, this.#known]) for (const { socket } of held.values()) socket.destroy()
  }

  #makeRoom(): boolean {
    this.#notice()
    const spare = this.#strangers.entries().next().value ?? this.#leastMissed()
    if (spare === undefined) return false
    const [peer, { socket }] = spare
    this.#strangers.delete(peer)
    this.#known.delete(peer)
    socket.destroy()
    return true
  }

  #leastMissed(): [string, Held] | undefined {
    const known = [...this.#known]
    return known.find(([, { busy }]) => busy === 0) ?? known.find(([, { role }]) => role === 'read')
  }

  /** An attack must not fill the log too. */
  #notice(): void {
    this.#turnedAway++
    const now = this.#clock.monotonic()
    if (now - this.#noticedAt < noticeEvery) return
    this.#noticedAt = now
    this.#log.warn(
      { connections: this.open, most: this.#most, closed: this.#turnedAway },
      'the console has as many connections as it may: the idle ones that are not signed in are closed for new ones',
    )
  }
}

const peerOf = (socket: Socket) => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`
