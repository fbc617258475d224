import type { Lease } from '../channel/channel.ts'
import type { ComponentContext } from '../component/definition.ts'
import type { SinkCounters } from '../metrics/counters.ts'

/**
 * A sink delivers what it is handed; taking from the channel, acknowledging, retrying and backing off is the sink
 * runner's work. A sink never calls `ack` or `release`.
 */
export interface Sink {
  /** Most events of one delivery (Flume's batch size). */
  readonly batchSize: number
  /** Deliveries that may be under way at once; the runner acknowledges them in order. 1 unless the peer keeps order. */
  readonly concurrency: number
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Resolves when every event of the lease is delivered as the sink promises. Rejecting puts them back: with
   * `SLUICE_REFUSED` the receiver will never take them (quarantine), with anything else the runner tries again later.
   */
  deliver(lease: Lease, signal: AbortSignal): Promise<void>
  /** Called when there was nothing to take for a while: roll files, close idle connections. */
  idle?(): Promise<void>
  /** The machine slept, so a peer may have forgotten its connections: the next delivery is to make sure of its own. */
  awake?(): void
}

export interface SinkContext extends ComponentContext {
  readonly counters: SinkCounters
  reportState(note: string): void
  reportEvent(code: string, message: string): void
  /**
   * The component cannot go on (its folder is gone, its client broke): its supervisor shows `error`, stops it and
   * starts it again with a growing delay. Nothing else is touched.
   */
  reportFailure(error: unknown): void
}
