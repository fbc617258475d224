import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { errorText, isSluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import type { Batch } from '../../event/batch.ts'
import { ReceiveBudget } from '../../receive-budget.ts'
import { spareConnection } from '../../spare-connection.ts'
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
  /** Of the connection below TLS, where there is TLS. */
  readonly socket: Socket
  events: number
  bytes: number
  proven: boolean
  idleSince: number | undefined
  /** Requests that have come and are not answered yet. */
  underWay: number
  /** Those of them that are being stored. */
  working: number
}

/** Requests of one connection at once, sent without waiting for answers; a read brings thousands of small ones. */
const mostUnderWay = 100

const peerName = (socket: Socket) => `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`

/** Takes events by POST (or GET): a request is a batch, stored whole before the answer says 200. */
export class HttpSource implements Source {
  readonly #settings: HttpSourceSettings
  readonly #context: SourceContext
  /** By address and port, which a connection has in common with the TLS over it; the oldest first. */
  readonly #peers = new Map<string, Peer>()
  readonly #unfinished: ReceiveBudget
  #server: Server | undefined
  #stopping = new AbortController()
  #refused = 0

  constructor(settings: HttpSourceSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
    this.#unfinished = new ReceiveBudget(settings.maxBodySize)
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
    server.on('connection', (socket: Socket) => this.#joined(socket, maxConnections))
    // Who does not read its answers is not read either, and then no other time limit holds.
    server.setTimeout(requestTimeout, (socket) => {
      if ((this.#peers.get(peerName(socket))?.working ?? 0) === 0) socket.destroy()
    })
    server.on('tlsClientError', (error: Error) => log.debug({ error }, 'TLS handshake failed'))
    await listen(server, bind, port)
    server.on('error', (error) => this.#context.reportFailure(error))
    this.#server = server
    log.info({ address: bind, port: this.port }, `listening on ${bind}:${this.port}`)
  }

  get port(): number {
    return listeningPort(this.#server, this.#settings.port)
  }

  #joined(socket: Socket, most: number): void {
    if (socket.destroyed) return
    if (this.#peers.size >= most && !this.#makeRoom()) {
      socket.destroy()
      return
    }
    const { clock, counters } = this.#context
    const peer = peerName(socket)
    const idleSince = clock.monotonic()
    const held = {
      socket,
      peer,
      since: clock.now(),
      events: 0,
      bytes: 0,
      proven: false,
      idleSince,
      underWay: 0,
      working: 0,
    }
    this.#peers.set(peer, held)
    counters.openConnectionCount = this.#peers.size
    socket.once('close', () => {
      if (this.#peers.get(peer) === held) this.#peers.delete(peer)
      counters.openConnectionCount = this.#peers.size
    })
  }

  #makeRoom(): boolean {
    this.#refused++
    const spare = spareConnection(this.#peers.values(), this.#context.clock.monotonic())
    if (spare === undefined) return false
    this.#peers.delete(spare.peer)
    spare.socket.destroy()
    return true
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
    // The rest of a read of a connection that was ended.
    if (request.socket.destroyed) return
    const peer = this.#peers.get(peerName(request.socket))
    if (peer !== undefined && peer.underWay >= mostUnderWay) {
      this.#refused++
      request.socket.destroy()
      return
    }
    if (peer !== undefined) peer.underWay++
    try {
      // Who does not wait for answers must not keep the others waiting: one turn for all.
      if (peer !== undefined && peer.underWay > 1) await new Promise((resolve) => setImmediate(resolve))
      const status = methodStatus(request.method ?? '')
      if (status !== undefined) throw new BadRequest(status, `${request.method ?? ''} is not answered here: send POST`)
      await this.#take(request, peer)
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
    } finally {
      if (peer !== undefined) peer.underWay--
    }
  }

  async #receive(request: IncomingMessage): Promise<Buffer> {
    const share = this.#unfinished.open(() => {
      this.#refused++
      request.socket.destroy()
    })
    try {
      return await requestBody(request, this.#settings.maxBodySize, (bytes) => share.hold(bytes))
    } finally {
      share.close()
    }
  }

  async #take(request: IncomingMessage, peer: Peer | undefined): Promise<void> {
    const query = URL.parse(request.url ?? '/', 'http://localhost')?.searchParams
    if (query === undefined) throw new BadRequest(400, 'what is asked for is no path')
    const body = await this.#receive(request)
    if (peer === undefined) {
      await this.#store(query, request, body, undefined)
      return
    }
    peer.proven = true
    peer.idleSince = undefined
    peer.working++
    try {
      await this.#store(query, request, body, peer)
    } finally {
      if (--peer.working === 0) peer.idleSince = this.#context.clock.monotonic()
    }
  }

  async #store(query: URLSearchParams, request: IncomingMessage, body: Buffer, peer: Peer | undefined): Promise<void> {
    const { channels, counters } = this.#context
    const batch = this.#read(query, request, body)
    const { count } = batch
    const { length } = batch.bytes
    counters.appendBatchReceivedCount++
    counters.eventReceivedCount += count
    if (count > 0) await channels.put(batch, { exclusive: true, signal: this.#stopping.signal })
    else batch.recycle()
    counters.appendBatchAcceptedCount++
    counters.eventAcceptedCount += count
    counters.bytesAccepted += length
    if (peer) {
      peer.events += count
      peer.bytes += length
    }
  }

  #read(query: URLSearchParams, request: IncomingMessage, body: Buffer): Batch {
    const builder = new BatchBuilder(body.length + 1024)
    try {
      this.#settings.handler({ contentType: request.headers['content-type'] ?? '', query, body }, builder)
    } catch (error) {
      builder.finish().recycle()
      throw error
    }
    return builder.finish()
  }

  inspect(): SourceDetail {
    const { bind, tls } = this.#settings
    return {
      ports: [
        {
          address: bind,
          port: this.port,
          protocol: tls ? 'https' : 'http',
          connections: [...this.#peers.values()].map(({ peer, since, events, bytes }) => ({
            peer,
            since,
            events,
            bytes,
          })),
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
