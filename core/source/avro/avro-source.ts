import type { BatchIdentity, Lane } from '../../channel/channel.ts'
import type { Batch } from '../../event/batch.ts'
import { type SluiceError, errorText, isSluiceError } from '../../errors.ts'
import type { Method } from '../../rpc/protocol.ts'
import { ipFilter } from '../../rpc/ip-filter.ts'
import type { Status } from '../../rpc/protocol.ts'
import { RpcServer } from '../../rpc/server.ts'
import type { CallHandler, ServerConnection } from '../../rpc/server-connection.ts'
import { type ServerTls, serverLayers } from '../../rpc/stream-layers.ts'
import { tlsContext } from '../../rpc/tls-context.ts'
import type { Source, SourceContext, SourceDetail } from '../source.ts'
import type { AvroSourceSettings } from './avro-settings.ts'

/** Calls and bytes of one connection under way: enough for the group commit to join them. */
const maxPending = 16
const maxPendingBytes = 16 * 1024 * 1024
/** Flume's servers always compress at this level. */
const serverDeflateLevel = 6
/** Milliseconds in which calls under way may still be answered when the source stops. */
const stopPatience = 5000
/** Milliseconds between two notices of the same kind to the operator: a port scan must not flood the list. */
const noticeInterval = 60_000

/** What one connection's puts share. */
interface Order {
  lane: Lane
  running: number
}

/** Receives from Avro sinks: OK when every required channel has the events, FAILED when the sender shall try again. */
export class AvroSource implements Source, CallHandler {
  readonly #settings: AvroSourceSettings
  readonly #context: SourceContext
  readonly #orders = new WeakMap<ServerConnection, Order>()
  readonly #noticed = new Map<string, number>()
  #server: RpcServer | undefined
  #port = 0

  constructor(settings: AvroSourceSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  /** The port it listens on, which the system chose when `port` is 0. */
  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    const settings = this.#settings
    const { counters, clock } = this.#context
    const tls = settings.ssl ? await this.#tls() : undefined
    const deflate = settings['compression-type'] === 'deflate' ? serverDeflateLevel : undefined
    const layer = serverLayers({ deflate, order: settings['compression-order'] }, tls)
    const server = new RpcServer({
      host: settings.bind,
      port: settings.port,
      clock,
      limits: { maxFrameSize: settings.maxFrameSize, maxBuffers: 1 << 20 },
      handler: this,
      maxConnections: settings.maxConnections,
      maxPending,
      maxPendingBytes,
      stallTimeout: settings.handshakeTimeout,
      ...(layer && { layer }),
      ...(settings.ipFilter && settings.ipFilterRules !== undefined && { admit: ipFilter(settings.ipFilterRules) }),
      onTrouble: (error) => this.#onTrouble(error),
      onCount: (open) => {
        counters.openConnectionCount = open
      },
    })
    this.#port = await server.listen()
    this.#server = server
    counters.startTime = clock.now()
    this.#context.log.info({ bind: settings.bind, port: this.#port }, 'listening for Avro senders')
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    await server.close(stopPatience)
    this.#context.counters.stopTime = this.#context.clock.now()
  }

  async #tls(): Promise<ServerTls> {
    const settings = this.#settings
    return {
      context: await tlsContext(settings, this.#context.baseDirectory),
      clientAuth: settings['client-auth'],
      handshakeTimeout: settings.handshakeTimeout,
    }
  }

  call(
    method: Method,
    batch: Batch,
    identity: BatchIdentity | undefined,
    connection: ServerConnection,
  ): Promise<Status> | Status {
    const { counters } = this.#context
    if (method === 'append') counters.appendReceivedCount++
    else counters.appendBatchReceivedCount++
    counters.eventReceivedCount += batch.count
    if (batch.count === 0) {
      counters.appendBatchAcceptedCount++
      return 'OK'
    }
    return this.#put(method, batch, identity, connection)
  }

  async #put(
    method: Method,
    batch: Batch,
    identity: BatchIdentity | undefined,
    connection: ServerConnection,
  ): Promise<Status> {
    const { counters, channels } = this.#context
    const order = this.#order(connection)
    const { count } = batch
    const size = batch.bytes.length
    order.running++
    try {
      await channels.put(batch, { lane: order.lane, exclusive: true, ...(identity && { identity }) })
    } catch (error) {
      // The channels set this too; a put that failed before it reached one must hold back its followers as well.
      order.lane.failed ??= error
      this.#onPutFailed(error, connection)
      return 'FAILED'
    } finally {
      order.running--
    }
    if (method === 'append') counters.appendAcceptedCount++
    else counters.appendBatchAcceptedCount++
    counters.eventAcceptedCount += count
    counters.bytesAccepted += size
    return 'OK'
  }

  undecodable(connection: ServerConnection, error: unknown): void {
    this.#context.counters.eventReadFail++
    const message = `${connection.peer}: ${errorText(error)}`
    this.#notice('SLUICE_EVENT_FORMAT', message)
  }

  inspect(): SourceDetail {
    const connections = [...(this.#server?.connections ?? [])].map(({ peer, since, events, bytes }) => ({
      peer,
      since,
      events,
      bytes,
    }))
    const { bind, ssl } = this.#settings
    const compression = this.#settings['compression-type'] === 'deflate' ? ', deflate' : ''
    return {
      ports: [
        {
          address: bind,
          port: this.#port === 0 ? this.#settings.port : this.#port,
          protocol: `Avro${ssl ? ' over TLS' : ''}${compression}`,
          connections,
          refused: this.#server?.refused ?? 0,
          note: '',
        },
      ],
    }
  }

  /** The connection's lane: a fresh one when the last has failed and nothing of it is under way any more. */
  #order(connection: ServerConnection): Order {
    let order = this.#orders.get(connection)
    if (order === undefined) this.#orders.set(connection, (order = { lane: {}, running: 0 }))
    else if (order.lane.failed !== undefined && order.running === 0) order.lane = {}
    return order
  }

  #onPutFailed(error: unknown, connection: ServerConnection): void {
    const { counters, log } = this.#context
    counters.channelWriteFail++
    log.debug({ peer: connection.peer, error: errorText(error) }, 'events refused, the sender will try again')
    // Full channels and pauses show as states of their own; these need a hand.
    if (!isSluiceError(error, 'SLUICE_CHANNEL_FULL', 'SLUICE_DISK_FULL', 'SLUICE_PAUSED', 'SLUICE_ABORTED'))
      this.#notice(isSluiceError(error) ? error.code : 'SLUICE_INTERNAL', `${connection.peer}: ${errorText(error)}`)
  }

  #onTrouble(error: SluiceError): void {
    this.#context.log.info({ code: error.code, ...error.details }, error.message)
    if (error.code !== 'SLUICE_PEER') this.#notice(error.code, error.message)
  }

  #notice(code: SluiceError['code'], message: string): void {
    const now = this.#context.clock.monotonic()
    const last = this.#noticed.get(code)
    if (last !== undefined && now - last < noticeInterval) return
    this.#noticed.set(code, now)
    this.#context.reportEvent(code, message)
  }
}
