import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { errorText, isSluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { listen, listeningPort } from '../listen.ts'
import type { Source, SourceContext, SourceDetail } from '../source.ts'
import { BadRequest, type HttpHandler } from './handler.ts'
import { requestBody } from './request-body.ts'
import { createServer } from '../../node-http.ts'

export interface HttpSourceSettings {
  readonly bind: string
  readonly port: number
  readonly handler: HttpHandler
  readonly maxBodySize: number
  readonly maxConnections: number
  readonly requestTimeout: number
  /** Key and certificate for HTTPS; read anew with each start. Plain HTTP when undefined. */
  readonly tls: (() => Promise<TlsOptions>) | undefined
}

interface Peer {
  readonly peer: string
  readonly since: number
  events: number
  bytes: number
}

/** Takes events by POST (or GET): a request is a batch, stored whole before the answer says 200. */
export class HttpSource implements Source {
  readonly #settings: HttpSourceSettings
  readonly #context: SourceContext
  readonly #peers = new Map<Socket, Peer>()
  #server: Server | undefined
  #stopping = new AbortController()
  #refused = 0

  constructor(settings: HttpSourceSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  async start(): Promise<void> {
    const { bind, port, tls, maxConnections, requestTimeout } = this.#settings
    const { log } = this.#context
    this.#stopping = new AbortController()
    const limits = {
      requestTimeout,
      headersTimeout: Math.min(requestTimeout, 10_000),
      connectionsCheckingInterval: 1000,
    }
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    const credentials: TlsOptions | undefined = await tls?.()
    const server = credentials
      ? createTlsServer({ ...limits, ...credentials }, listener)
      : createServer(limits, listener)
    server.maxConnections = maxConnections
    server.on('connection', (socket: Socket) => this.#joined(socket))
    server.on('drop', () => this.#refused++)
    server.on('tlsClientError', (error: Error) => log.debug({ error }, 'TLS handshake failed'))
    await listen(server, bind, port)
    server.on('error', (error) => this.#context.reportFailure(error))
    this.#server = server
    log.info({ address: bind, port: this.port }, `listening on ${bind}:${this.port}`)
  }

  get port(): number {
    return listeningPort(this.#server, this.#settings.port)
  }

  #joined(socket: Socket): void {
    const peer = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    this.#peers.set(socket, { peer, since: this.#context.clock.now(), events: 0, bytes: 0 })
    this.#context.counters.openConnectionCount = this.#peers.size
    socket.once('close', () => {
      this.#peers.delete(socket)
      this.#context.counters.openConnectionCount = this.#peers.size
    })
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#stopping.abort()
    if (!server) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    // Requests under way get their answer; whoever is slower than this is cut off.
    const late = setTimeout(() => server.closeAllConnections(), 500)
    await closed
    clearTimeout(late)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { counters, log } = this.#context
    try {
      const status = methodStatus(request.method ?? '')
      if (status !== undefined) throw new BadRequest(status, `${request.method ?? ''} is not answered here: send POST`)
      await this.#take(request)
      respond(response, 200, '')
    } catch (error) {
      // A client that went away needs no answer; what it sent in part is not stored.
      if (request.destroyed && !request.complete) return
      if (error instanceof BadRequest) {
        counters.eventReadFail++
        respond(response, error.status, `${error.message}\n`)
        return
      }
      const busy = isSluiceError(error, 'SLUICE_CHANNEL_FULL', 'SLUICE_DISK_FULL', 'SLUICE_PAUSED', 'SLUICE_ABORTED')
      if (isSluiceError(error)) counters.channelWriteFail++
      else counters.genericProcessingFail++
      if (!busy) log.error({ error }, `request failed: ${errorText(error)}`)
      if (busy) response.setHeader('retry-after', '5')
      respond(
        response,
        busy || isSluiceError(error) ? 503 : 500,
        busy ? `${errorText(error)}; try again\n` : 'failed\n',
      )
    }
  }

  async #take(request: IncomingMessage): Promise<void> {
    const { channels, counters } = this.#context
    const query = URL.parse(request.url ?? '/', 'http://localhost')?.searchParams
    if (query === undefined) throw new BadRequest(400, 'what is asked for is no path')
    const body = await requestBody(request, this.#settings.maxBodySize)
    const builder = new BatchBuilder(body.length + 1024)
    this.#settings.handler(
      {
        contentType: request.headers['content-type'] ?? '',
        query,
        body,
      },
      builder,
    )
    const { count, length } = builder
    counters.appendBatchReceivedCount++
    counters.eventReceivedCount += count
    if (count > 0) await channels.put(builder.finish(), { exclusive: true, signal: this.#stopping.signal })
    counters.appendBatchAcceptedCount++
    counters.eventAcceptedCount += count
    counters.bytesAccepted += length
    const peer = this.#peers.get(request.socket)
    if (peer) {
      peer.events += count
      peer.bytes += length
    }
  }

  inspect(): SourceDetail {
    const { bind, tls } = this.#settings
    return {
      ports: [
        {
          address: bind,
          port: this.port,
          protocol: tls ? 'https' : 'http',
          connections: [...this.#peers.values()],
          refused: this.#refused,
          note: '',
        },
      ],
    }
  }
}

/** As Flume's servlet: POST, GET and HEAD are taken, TRACE and OPTIONS forbidden. */
function methodStatus(method: string): number | undefined {
  if (method === 'POST' || method === 'GET' || method === 'HEAD') return undefined
  return method === 'TRACE' || method === 'OPTIONS' ? 403 : 405
}

function respond(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return
  // Who sends too much is not read to the end.
  if (status === 413) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
