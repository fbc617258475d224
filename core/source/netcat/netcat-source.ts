import { createServer, type Server } from 'node:net'
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
    const server = createServer({ keepAlive: true, noDelay: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', (error) => log.debug({ error }, 'netcat connection'))
      const decoding = textDecoding(options.encoding)
      if (decoding === undefined) {
        socket.destroy()
        return
      }
      const connection = new NetcatConnection(socket, { ...options, decoding, context: this.#context, signal })
      this.#connections.add(connection)
      this.#context.counters.openConnectionCount = this.#connections.size
      void connection.serve().finally(() => {
        this.#connections.delete(connection)
        this.#context.counters.openConnectionCount = this.#connections.size
      })
    })
    server.maxConnections = maxConnections
    server.on('drop', () => this.#refused++)
    await listen(server, bind, port)
    server.on('error', (error) => this.#context.reportFailure(error))
    this.#server = server
    log.info({ address: bind, port: this.port }, `listening on ${bind}:${this.port}`)
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
