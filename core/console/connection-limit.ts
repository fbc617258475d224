import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

interface Held {
  socket: Socket
  /** Requests that are being answered on it; a subscription is one for as long as it lasts. */
  busy: number
}

const noticeEvery = 60_000

/**
 * Keeps the number of connections down without keeping anybody out: when there is no room for a new one, the oldest
 * that has not shown a token goes, then one that is signed in but idle. Nobody is let in over the limit.
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
      this.#strangers.set(peer, { socket, busy: 0 })
    }
    socket.once('close', () => {
      for (const held of [this.#strangers, this.#known]) if (held.get(peer)?.socket === socket) held.delete(peer)
    })
  }

  /** A request with a valid token or session came over it. */
  vouched(socket: Socket): void {
    const peer = peerOf(socket)
    const held = this.#strangers.get(peer)
    if (held === undefined) return
    this.#strangers.delete(peer)
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

  #makeRoom(): boolean {
    this.#notice()
    const [stranger] = this.#strangers
    if (stranger) {
      this.#strangers.delete(stranger[0])
      stranger[1].socket.destroy()
      return true
    }
    for (const [peer, { socket, busy }] of this.#known) {
      if (busy > 0) continue
      this.#known.delete(peer)
      socket.destroy()
      return true
    }
    return false
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
