import type { Batch } from '../event/batch.ts'

/**
 * Where a source stands in something that it can read again: one per watched file. It is stored in the same durable
 * write as the events that end at it, so the file enters the channel exactly once.
 */
export interface SourcePosition {
  /** `<source name>/<identity of what is read>`, at most 512 bytes of UTF-8. */
  readonly key: string
  /** Where reading goes on: every byte before `offset` is in the channel. */
  readonly offset: number
  /** What else the source must know to go on (path, fingerprint, …): JSON text, at most 4 kB. */
  readonly state: string
}

/**
 * Which events of which Sluice channel a batch holds: its first event's number in the sender's channel, counting on
 * without a gap where `runs` does not say otherwise. `floor`: every event of that sender below this number is settled and will never be sent again.
 */
export interface BatchIdentity {
  /** The sending channel's own id: 32 hexadecimal digits. */
  readonly sender: string
  readonly firstEvent: number
  readonly floor: number
  /**
   * Of a batch that is a part of what was sent: how many events have numbers in a row, how many numbers are left out, how
   * many events follow, and so on. Never sent.
   */
  readonly runs?: readonly number[]
}

/** Puts in one lane keep their order: once one fails, all behind it in the same lane fail too, until a new lane. */
export interface Lane {
  failed?: unknown
}

export interface PutOptions {
  readonly position?: SourcePosition
  readonly identity?: BatchIdentity
  readonly lane?: Lane
  /** Ends the wait for room. */
  readonly signal?: AbortSignal
  /**
   * The caller gives the batch away: nobody else looks at it once the put has resolved, so the channel may `recycle`
   * it when its events have left. After a rejection the caller still has it.
   */
  readonly exclusive?: boolean
}

/** Consecutive events on loan from a channel. Exactly one of `ack` and `release` is called, once. */
export interface Lease {
  /** What to deliver, in order; every batch is non-empty. */
  readonly batches: readonly Batch[]
  /** Events in all batches. */
  readonly count: number
  /** Bytes in all batches, Avro form. */
  readonly bytes: number
  /** Identity for the next tier; undefined when the channel is not durable. Events of a lease never have a gap. */
  readonly identity: BatchIdentity | undefined
  /** Delivered: the events leave the channel. Resolves when the channel has taken note (see the channel's promises). */
  ack(): Promise<void>
  /** Not delivered: the events go back to where they were, in order. */
  release(): void
  /** Refused for good: the events leave the queue into quarantine with `reason`, kept for the operator. */
  quarantine(reason: string): Promise<void>
}

export const channelStates = ['opening', 'running', 'full', 'disk full', 'failed', 'closed'] as const
export type ChannelState = (typeof channelStates)[number]

/**
 * The books of a channel, in events since it was made. Always, after every crash too:
 * `received = delivered + queued + dropped + quarantined + lost`.
 */
export interface Ledger {
  readonly received: number
  readonly delivered: number
  readonly queued: number
  readonly dropped: Readonly<Record<string, number>>
  readonly quarantined: number
  /** Durable once and gone now: the disk lied or was damaged. */
  readonly lost: number
  /** Repeats that were recognised and not stored; not part of the sum. */
  readonly repeated: number
}

export interface ChannelStats {
  readonly state: ChannelState
  /** Why it is in that state, in words; empty when running. */
  readonly reason: string
  readonly events: number
  readonly bytes: number
  /** `Infinity` when unlimited. */
  readonly capacity: number
  readonly byteCapacity: number
  /** Milliseconds since the epoch at which the oldest waiting event came in; undefined when empty. */
  readonly oldestAt: number | undefined
  readonly ledger: Ledger
  /** Free bytes of the disk it lies on; undefined for memory. */
  readonly freeDisk: number | undefined
}

/** Where a channel keeps its events on disk, for readers. */
export interface ChannelStore {
  readonly folder: string
  /** For events that are encrypted at rest; the first is the active one. */
  readonly keys: readonly Uint8Array[]
}

export interface Channel {
  readonly name: string
  /** Undefined when its events lie in memory only. */
  readonly store?: ChannelStore
  /** True when a resolved put survives a power cut. */
  readonly durable: boolean
  /** Most events in one put or one take (Flume's transactionCapacity). */
  readonly transactionCapacity: number
  open(): Promise<void>
  /** Stops taking input, settles what is in flight within `milliseconds`, closes. */
  close(milliseconds: number): Promise<void>
  /**
   * Resolves when the batch is stored as the channel promises. Waits up to `keep-alive` for room, then rejects with
   * `SLUICE_CHANNEL_FULL` (or `SLUICE_DISK_FULL`). Puts are admitted in the order of the calls. A batch whose identity
   * was stored before resolves without being stored again; of a partial repeat only the new part is stored. An empty
   * batch with a position only moves the position.
   */
  put(batch: Batch, options?: PutOptions): Promise<void>
  /**
   * Up to `maxEvents` waiting events in order, at least one, as soon as there are any; undefined when `signal` aborts
   * or `waitMilliseconds` pass first. Stops early at a gap, at `maxBytes` (one event always fits).
   */
  take(maxEvents: number, maxBytes: number, waitMilliseconds: number, signal?: AbortSignal): Promise<Lease | undefined>
  /** The stored position for `key`. */
  position(key: string): SourcePosition | undefined
  /** All stored positions whose key starts with `prefix`. */
  positions(prefix: string): SourcePosition[]
  /** Forgets positions of things that are gone for good. */
  forgetPositions(keys: readonly string[]): Promise<void>
  stats(): ChannelStats
  /** Applies new limits while running: lower ones only stop input until the backlog is below them. */
  setLimits(limits: { capacity: number; byteCapacity: number; keepAlive: number }): void
}
