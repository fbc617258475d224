import type { Lease } from '../../channel/channel.ts'
import { SluiceError, errorText } from '../../errors.ts'
import type { ClientConnection } from '../../rpc/client-connection.ts'
import { connect } from '../../rpc/connect.ts'
import { type ClientTls, clientLayers } from '../../rpc/stream-layers.ts'
import { tlsContext } from '../../rpc/tls-context.ts'
import type { Sink, SinkContext } from '../sink.ts'
import type { AvroSinkSettings } from './avro-settings.ts'
import { DeliveryQueue } from './delivery-queue.ts'

/** Sends each lease as one `appendBatch` call, several at once when the receiver keeps their order. */
export class AvroSink implements Sink {
  readonly batchSize: number
  readonly #settings: AvroSinkSettings
  readonly #context: SinkContext
  readonly #queue = new DeliveryQueue(() => this.concurrency)
  #connection: ClientConnection | undefined
  #connecting: Promise<ClientConnection> | undefined
  #connectedAt = 0
  /** The machine has slept since it connected. */
  #slept = false
  #stopped = new AbortController()

  constructor(settings: AvroSinkSettings, context: SinkContext) {
    this.#settings = settings
    this.#context = context
    this.batchSize = settings['batch-size']
  }

  /** 1 until a Sluice has answered: a Flume handles the calls of one connection in any order. And 1 to connect anew. */
  get concurrency(): number {
    const connection = this.#connection
    return connection?.peerIsSluice && !connection.failure && !this.#isDue() ? this.#settings.maxInFlight : 1
  }

  /** Connects with the first delivery: a receiver that is not there yet is no error of this sink. */
  start(): Promise<void> {
    this.#stopped = new AbortController()
    this.#context.counters.startTime = this.#context.clock.now()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#stopped.abort()
    if (this.#connection && !this.#connection.failure) this.#connection.close()
    this.#connection = undefined
    this.#context.counters.stopTime = this.#context.clock.now()
    return Promise.resolve()
  }

  /** What is under way keeps its connection, and so its answer, if one comes. */
  awake(): void {
    this.#slept = this.#connection !== undefined
  }

  deliver(lease: Lease, signal: AbortSignal): Promise<void> {
    return this.#queue.run(() => this.#deliver(lease, signal))
  }

  async #deliver(lease: Lease, signal: AbortSignal): Promise<void> {
    const { counters } = this.#context
    const { count, bytes } = lease
    if (signal.aborted) throw new SluiceError('SLUICE_ABORTED', 'the delivery was given up')
    // The counts are of attempts: a batch that is sent again counts again, as in Flume.
    counters.eventDrainAttemptCount += count
    if (count < this.batchSize) counters.batchUnderflowCount++
    else counters.batchCompleteCount++
    try {
      const connection = await this.#connect(signal)
      await this.#send(connection, lease, signal)
    } catch (error) {
      counters.eventWriteFail++
      throw error
    }
    counters.eventDrainSuccessCount += count
    counters.bytesDelivered += bytes
  }

  async #send(connection: ClientConnection, lease: Lease, signal: AbortSignal): Promise<void> {
    const abort = () => connection.destroy('SLUICE_ABORTED', 'the delivery was given up')
    signal.addEventListener('abort', abort, { once: true })
    try {
      await connection.appendBatch(lease.batches, lease.identity)
    } catch (error) {
      throw new SluiceError('SLUICE_DELIVERY', errorText(error), { cause: error, details: { peer: connection.peer } })
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #connect(signal: AbortSignal): Promise<ClientConnection> {
    const live = this.#connection
    if (live && !live.failure && !(this.#isDue() && this.#queue.running === 1)) return live
    // Whoever comes while one connects shares the connection.
    this.#connecting ??= this.#open(signal).finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Time to connect anew; that waits until nothing is under way on the old connection. */
  #isDue(): boolean {
    const interval = this.#settings['reset-connection-interval'] * 1000
    return this.#slept || (interval > 0 && this.#context.clock.monotonic() - this.#connectedAt >= interval)
  }

  async #open(signal: AbortSignal): Promise<ClientConnection> {
    const { counters, clock, log } = this.#context
    const settings = this.#settings
    this.#connection?.close()
    const deflate = settings['compression-type'] === 'deflate' ? settings['compression-level'] : undefined
    let connection: ClientConnection
    try {
      const tls = settings.ssl ? await this.#tls() : undefined
      const layer = clientLayers({ deflate, order: settings['compression-order'] }, tls)
      connection = await connect({
        host: settings.hostname,
        port: settings.port,
        clock,
        ...(layer && { layer }),
        connectTimeout: settings['connect-timeout'],
        requestTimeout: settings['request-timeout'],
        signal: AbortSignal.any([signal, this.#stopped.signal]),
      })
    } catch (error) {
      counters.connectionFailedCount++
      throw error
    }
    counters.connectionCreatedCount++
    log.info({ peer: connection.peer, sluice: connection.peerIsSluice }, 'connected')
    connection.onClosed(() => {
      counters.connectionClosedCount++
      if (this.#connection === connection) this.#connection = undefined
      log.info({ peer: connection.peer, reason: connection.failure?.message }, 'connection closed')
    })
    this.#connection = connection
    this.#connectedAt = clock.monotonic()
    this.#slept = false
    return connection
  }

  async #tls(): Promise<ClientTls> {
    const settings = this.#settings
    return {
      context: await tlsContext(settings, this.#context.baseDirectory),
      host: settings.hostname,
      trustAll: settings['trust-all-certs'],
      verifyHost: settings['ssl-verify-hostname'],
    }
  }
}
