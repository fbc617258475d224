import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { endsDeadPeers, unansweredFor } from '../dead-peers.ts'
import { SluiceError, errorText, isSluiceError, systemCode } from '../errors.ts'
import { ReceiveBudget } from '../receive-budget.ts'
import { spareConnection } from '../spare-connection.ts'
import type { FrameLimits } from './frame-reader.ts'
import { type CallHandler, ServerConnection, type ServerConnectionOptions } from './server-connection.ts'
import { unacknowledged } from './unacknowledged.ts'

export interface RpcServerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly clock: Clock
  readonly limits: FrameLimits
  readonly handler: CallHandler
  readonly maxConnections: number
  /** Calls and bytes of a connection under way before no more are read from it. */
  readonly maxPending: number
  readonly maxPendingBytes: number
  /** Milliseconds in which a connection completes its first call, and never is silent within a frame. */
  readonly stallTimeout: number
  /** Whether this peer may connect; undefined lets everybody in. */
  readonly admit?: (address: string) => Promise<boolean>
  /** TLS and compression: the stream that carries frames in the clear. */
  readonly layer?: (socket: Socket) => Promise<Duplex>
  /** A connection that was not let in or that broke, in words; the peer's regular end is none. */
  readonly onTrouble: (error: SluiceError) => void
  readonly onCount: (open: number) => void
}

/** Connections that may wait to be accepted: beyond, a client's system tries again only after seconds. */
const backlog = 4096

/** Milliseconds between two looks at all connections, at most. */
const longestWatch = 10_000

/** Listens for Avro clients (Flume's NettyServer). One bad client costs its own connection only. */
export class RpcServer {
  readonly #options: RpcServerOptions
  readonly #server: Server
  readonly #connections = new Set<ServerConnection>()
  /** Sockets that are not connections yet: name look-up, TLS handshake. */
  readonly #entering = new Set<Socket>()
  readonly #stopped = new AbortController()
  #refused = 0
  #connectionOptions: ServerConnectionOptions | undefined

  constructor(options: RpcServerOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, ...endsDeadPeers }, (socket) =>
      this.#enter(socket),
    )
  }

  /** Resolves with the port when it listens. Rejects with `SLUICE_LISTEN`. */
  async listen(): Promise<number> {
    const { host, port } = this.#options
    // It brings avsc, which an agent that only sends has no use for: 10 MB.
    const { ForeignProtocol } = await import('./foreign-protocol.ts')
    const unfinished = new ReceiveBudget(this.#options.limits.maxFrameSize)
    this.#connectionOptions = { ...this.#options, unfinished, readProtocol: (text) => new ForeignProtocol(text) }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, host, port)))
      this.#server.listen({ host, port, backlog }, resolve)
    })
    // From here on the system may refuse to accept (too many open files): a state, not the end.
    this.#server.removeAllListeners('error')
    this.#server.on('error', (error) =>
      this.#options.onTrouble(new SluiceError('SLUICE_LISTEN', `port ${port}: ${errorText(error)}`, { cause: error })),
    )
    const address = this.#server.address()
    const own = typeof address === 'object' && address !== null ? address.port : port
    void this.#watch(own)
    return own
  }

  get connections(): ReadonlySet<ServerConnection> {
    return this.#connections
  }

  /** Connections that were not let in, or closed because of what came over them. */
  get refused(): number {
    return this.#refused
  }

  /** Takes no more calls, answers those under way for up to `milliseconds`, closes everything. */
  async close(milliseconds: number): Promise<void> {
    this.#stopped.abort()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#entering) socket.destroy()
    for (const connection of this.#connections) connection.end()
    const deadline = new AbortController()
    await Promise.race([closed, this.#options.clock.sleep(milliseconds, deadline.signal)])
    deadline.abort()
    for (const connection of this.#connections) connection.destroy()
    await closed
  }

  #enter(socket: Socket): void {
    const peer = peerName(socket)
    if (this.#connections.size + this.#entering.size >= this.#options.maxConnections) {
      const spare = this.#makeRoom()
      if (spare === undefined) socket.destroy()
      const what = `${spare ?? peer}: ${spare === undefined ? 'refused' : 'closed for a new one'}, maxConnections are open`
      this.#trouble(new SluiceError('SLUICE_PEER', what, { details: { peer: spare ?? peer } }))
      if (spare === undefined) return
    }
    this.#entering.add(socket)
    const ignore = () => {}
    socket.on('error', ignore)
    this.#admit(socket, peer)
      .catch((error: unknown) => {
        socket.destroy()
        const code = isSluiceError(error) ? error.code : 'SLUICE_TLS'
        this.#trouble(new SluiceError(code, `${peer}: ${errorText(error)}`, { cause: error, details: { peer } }))
      })
      .finally(() => this.#entering.delete(socket))
  }

  /** Ends the connection that is missed least and says whose it was; undefined when all are at work. */
  #makeRoom(): string | undefined {
    const spare = spareConnection(this.#connections, this.#options.clock.monotonic())
    const [entering] = this.#entering
    // A crowd may stand at the door too, in the middle of a TLS handshake.
    const atDoor = spare === undefined || (spare.proven && this.#entering.size > this.#connections.size)
    if (entering === undefined || !atDoor) {
      spare?.destroy()
      return spare?.peer
    }
    const peer = peerName(entering)
    this.#entering.delete(entering)
    entering.destroy()
    return peer
  }

  async #admit(socket: Socket, peer: string): Promise<void> {
    const { admit, layer } = this.#options
    if (admit && !(await admit(plainAddress(socket.remoteAddress ?? ''))))
      throw new SluiceError('SLUICE_PEER', 'refused by ipFilterRules')
    const stream = layer ? await layer(socket) : socket
    const connectionOptions = this.#connectionOptions
    if (connectionOptions === undefined || socket.destroyed || this.#stopped.signal.aborted) {
      stream.destroy()
      return
    }
    const connection = new ServerConnection(stream, peer, this.#options.handler, connectionOptions, (reason) => {
      this.#connections.delete(connection)
      // A layer that broke may leave the socket below it open.
      if (stream !== socket) socket.destroy()
      this.#options.onCount(this.#connections.size)
      if (reason) this.#trouble(reason)
    })
    this.#connections.add(connection)
    this.#options.onCount(this.#connections.size)
  }

  #trouble(error: SluiceError): void {
    this.#refused++
    this.#options.onTrouble(error)
  }

  /** One timer for all connections. */
  async #watch(port: number): Promise<void> {
    const { stallTimeout, clock } = this.#options
    while (!this.#stopped.signal.aborted) {
      await clock.sleep(Math.min(Math.max(stallTimeout / 4, 50), longestWatch), this.#stopped.signal)
      for (const connection of this.#connections) connection.closeIfStalled(stallTimeout)
      await this.#endUnacknowledged(port)
    }
  }

  /** A peer that is gone while an answer is on its way to it: the system's own questions do not come about then. */
  async #endUnacknowledged(port: number): Promise<void> {
    const due = [...this.#connections].filter((connection) => connection.provesAnswer(unansweredFor))
    if (due.length === 0) return
    try {
      const peers = await unacknowledged(port)
      for (const connection of due) if (peers.has(connection.peer)) connection.closeUnacknowledged(unansweredFor)
    } catch (error) {
      this.#options.onTrouble(
        new SluiceError('SLUICE_INTERNAL', `cannot see whose answers wait: ${errorText(error)}`, { cause: error }),
      )
    }
  }
}

function listenError(error: unknown, host: string, port: number): SluiceError {
  const why = systemCode(error)
  const right =
    why === 'EADDRINUSE'
      ? 'another process has the port'
      : why === 'EACCES'
        ? 'ports below 1024 need a privilege'
        : why === 'EADDRNOTAVAIL'
          ? 'bind must be an address of this machine, or 0.0.0.0'
          : errorText(error)
  return new SluiceError('SLUICE_LISTEN', `cannot listen on ${host}:${port}: ${right}`, { cause: error })
}

/** An IPv4 address as such, when a dual-stack port reports it as IPv6. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

function peerName(socket: Socket): string {
  const address = plainAddress(socket.remoteAddress ?? 'a peer that is gone')
  return `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort ?? 0}`
}
