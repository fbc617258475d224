import { createServer, type Server } from 'node:net'
import { endsDeadPeers } from '../../dead-peers.ts'
import { spareConnection } from '../../spare-connection.ts'
import { listen, listeningPort } from '../listen.ts'
import type { Source, SourceContext, SourceDetail } from '../source.ts'
import { textDecoding } from './line-buffer.ts'
import { NetcatConnection } from './netcat-connection.ts'

export interface NetcatSettings {
  readonly bind: string
  readonly port: number
  readonly maxLineLength: number
  readonly ackEveryEvent: boolean
  readonly encoding: string
  readonly maxConnections: number
  /** Milliseconds in which a peer must read its answers. */
  readonly answerTimeout: number
}

/** Listens on a TCP port; each line that comes is an event. */
export class NetcatSource implements Source {
  readonly #settings: NetcatSettings
  readonly #context: SourceContext
  readonly #connections = new Set<NetcatConnection>()
  #server: Server | undefined
  #stopping = new AbortController()
  #refused = 0

  constructor(settings: NetcatSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  async start(): Promise<void> {
    const { bind, port, maxConnections, ...options } = this.#settings
    const { log } = this.#context
    this.#stopping = new AbortController()
    const { signal } = this.#stopping
    const server = createServer({ noDelay: true, allowHalfOpen: true, ...endsDeadPeers }, (socket) => {
      socket.on('error', (error) => log.debug({ error }, 'netcat connection'))
      const decoding = textDecoding(options.encoding)
      if (decoding === undefined || !this.#hasRoom(maxConnections)) {
        socket.destroy()
        return
      }
      const connection = new NetcatConnection(socket, { ...options, decoding, context: this.#context, signal })
      this.#connections.add(connection)
      this.#context.counters.openConnectionCount = this.#connections.size
      socket.once('close', () => {
        this.#connections.delete(connection)
        this.#context.counters.openConnectionCount = this.#connections.size
      })
      void connection.serve()
    })
    await listen(server, bind, port)
    server.on('error', (error) => this.#context.reportFailure(error))
    this.#server = server
    log.info({ address: bind, port: this.port }, `listening on ${bind}:${this.port}`)
  }

  /** Room for one more, for which a peer that says nothing may have to go. */
  #hasRoom(most: number): boolean {
    if (this.#connections.size < most) return true
    this.#refused++
    const spare = spareConnection(this.#connections, this.#context.clock.monotonic())
    if (spare === undefined) return false
    this.#connections.delete(spare)
    spare.close()
    return true
  }

  /** The port it listens on: the one the system chose when the configuration says 0. */
  get port(): number {
    return listeningPort(this.#server, this.#settings.port)
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#stopping.abort()
    for (const connection of this.#connections) connection.close()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  inspect(): SourceDetail {
    return {
      ports: [
        {
          address: this.#settings.bind,
          port: this.port,
          protocol: 'netcat',
          connections: [...this.#connections].map(({ peer, since, events, bytes }) => ({ peer, since, events, bytes })),
          refused: this.#refused,
          note: '',
        },
      ],
    }
  }
}
