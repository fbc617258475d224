import type { BatchIdentity, SourcePosition } from '../channel.ts'
import type { ErrorCode } from '../../errors.ts'
import type { CodecSettings } from './frame-codec.ts'
import type { SettledRow } from './channel-state.ts'

/** What the channel's worker is started with. */
export interface WorkerSettings {
  readonly folder: string
  readonly segmentSize: number
  readonly codec: CodecSettings
  /** Bytes of the file that is given up when the disk is full, so that acknowledgements still fit. */
  readonly reserve: number
}

/** One batch on its way to the disk. `bytes` lies in shared memory. */
export interface PutMessage {
  readonly bytes: Uint8Array
  readonly count: number
  readonly at: number
  readonly position: SourcePosition | undefined
  readonly identity: BatchIdentity | undefined
}

export interface Settlement extends SettledRow {
  /** Avro bytes of the events. */
  readonly bytes: number
}

/** Events that leave the queue for the quarantine file. */
export interface QuarantineRequest {
  readonly settlement: Settlement
  readonly batches: readonly { readonly bytes: Uint8Array; readonly count: number; readonly first: number }[]
}

export type Request =
  | { readonly ask: 'quarantine'; readonly quarantine: QuarantineRequest }
  /** Takes what waits of these events out of the queue for good. */
  | {
      readonly ask: 'drop'
      readonly ranges: readonly (readonly [first: number, next: number])[]
      readonly reason: string
      readonly at: number
    }
  | { readonly ask: 'forget'; readonly keys: readonly string[] }
  /** Where the block with this event, or the next one behind it, lies. */
  | { readonly ask: 'locate'; readonly event: number }
  /** The frame at this place cannot be read: keep its bytes and settle its events, as lost where no byte is left. */
  | {
      readonly ask: 'damaged'
      readonly place: Place
      readonly size: number
      readonly settlement: Settlement
    }
  | { readonly ask: 'close' }

export type ToWorker =
  /** `epoch`: how many failed groups the sender had heard of; what was sent before it heard of the last one fails too. */
  | { readonly kind: 'puts'; readonly epoch: number; readonly puts: readonly PutMessage[] }
  | { readonly kind: 'acks'; readonly acks: readonly Settlement[] }
  | { readonly kind: 'request'; readonly id: number; readonly request: Request }

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

/** The counters of the channel as they stand after a group. */
export interface Books {
  readonly nextEvent: number
  readonly low: number
  readonly queued: number
  readonly bytes: number
  readonly delivered: number
  readonly quarantined: number
  readonly lost: number
  readonly repeated: number
  readonly dropped: readonly (readonly [string, number])[]
  readonly oldestAt: number | undefined
}

/** Where a frame starts. */
export interface Place {
  readonly segment: number
  readonly offset: number
}

export interface Located extends Place {
  readonly firstEvent: number
  readonly count: number
  readonly size: number
  readonly rawLength: number
  readonly at: number
}

/** A part of a put that was stored as a frame of its own: nearly always the whole put. */
export interface Stored extends Place {
  /** Which put of the group, and which of its events `[from, to)`. */
  readonly put: number
  readonly from: number
  readonly to: number
  readonly firstEvent: number
  /** Behind the frame. */
  readonly end: number
}

/** A put of the group that is not stored though the group is. */
export interface Rejected {
  readonly put: number
  readonly failure: Failure
}

export interface Opened {
  readonly channel: string
  readonly books: Books
  readonly positions: readonly SourcePosition[]
  /** Settled above the low-water mark: a reader skips these. */
  readonly settled: readonly (readonly [number, number])[]
  readonly segments: readonly SegmentEnd[]
  /** Where reading starts. */
  readonly start: Place | undefined
  readonly report: OpenReport
}

export interface SegmentEnd {
  readonly id: number
  readonly length: number
}

/** What opening found and did; for the log and for tests. */
export interface OpenReport {
  milliseconds: number
  /** Why the index was made again, if it was. */
  rebuilt: string | undefined
  reindexedBlocks: number
  /** Bytes of an unfinished frame that were cut. */
  truncatedBytes: number
  damagedBytes: number
  lostEvents: number
}

export type FromWorker =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'open failed'; readonly failure: Failure }
  | {
      readonly kind: 'group'
      /** How many puts, in the order in which they were sent, this group settles. */
      readonly puts: number
      readonly failure: Failure | undefined
      /** How many groups have failed. */
      readonly epoch: number
      readonly stored: readonly Stored[]
      readonly rejected: readonly Rejected[]
      /** How many acknowledgements, in order, it took note of. */
      readonly acks: number
      readonly books: Books
      /** The segment that is written now, and how far it is durable. */
      readonly end: SegmentEnd
    }
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly located?: Located | undefined
      /** Whether there was anything left to keep of a frame that cannot be read. */
      readonly kept?: boolean
      readonly failure?: Failure
      readonly books?: Books
    }
  /** Something the operator should know; the worker goes on. */
  | { readonly kind: 'notice'; readonly code: ErrorCode; readonly message: string }
  /** The worker cannot go on; it is started anew. */
  | { readonly kind: 'failed'; readonly failure: Failure }
