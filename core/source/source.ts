import type { PutOptions, SourcePosition } from '../channel/channel.ts'
import type { ComponentContext } from '../component/definition.ts'
import type { Batch } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'
import type { SourceCounters } from '../metrics/counters.ts'

/** A source reads or receives, and pushes batches into its channels; that `await` is the back-pressure. */
export interface Source {
  /** Resolves when it reads or listens. Rejecting makes the supervisor try again with a growing delay. */
  start(): Promise<void>
  /** Lets go of files, sockets and timers. What was read but not put is read again after the next start. */
  stop(): Promise<void>
  /** What the operator sees of it: one row per watched file or per port. */
  inspect?(): SourceDetail
}

export interface SourceDetail {
  readonly files?: readonly WatchedFile[]
  readonly ports?: readonly ListeningPort[]
  readonly process?: SourceProcess
}

export interface WatchedFile {
  readonly path: string
  readonly size: number
  readonly position: number
  /** Bytes that wait to be read, where that is not `size - position`; null: it cannot be known. */
  readonly lag?: number | null
  /** Epoch milliseconds since when bytes wait. */
  readonly behindSince?: number | undefined
  /** Why it is not read or what was skipped, in words; empty when all is well. */
  readonly note: string
  /** It is not read at all: `note` says why. */
  readonly skipped?: boolean
  readonly readAt: number | undefined
}

/** The row of a file that is not read at all. */
export function skippedFile(path: string, reason: string, size = 0): WatchedFile {
  return { path, size, position: 0, note: reason, skipped: true, readAt: undefined }
}

export interface ListeningPort {
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly connections: readonly PeerConnection[]
  readonly refused: number
  readonly note: string
}

/** Who sends; where a protocol has no connections, who sent lately. `since`: epoch milliseconds. */
export interface PeerConnection {
  readonly peer: string
  readonly since: number
  readonly events: number
  readonly bytes: number
}

/** The command that a source runs. */
export interface SourceProcess {
  readonly command: string
  /** Undefined while it does not run. */
  readonly pid: number | undefined
  /** Epoch milliseconds of its last start. */
  readonly startedAt: number | undefined
  /** Starts after the first. */
  readonly restarts: number
  /** How it ended last, in words; empty when it has not. */
  readonly lastEnd: string
  readonly note: string
}

/** The source's side of its channels: interceptors, selector, then a put into each channel that was chosen. */
export interface ChannelProcessor {
  /**
   * Headers as the leading interceptors make them of `headers` for a whole batch. A source whose events share their
   * headers builds its batch with the result and says so by `prepared`, so that no event is rewritten.
   */
  prepareHeaders(headers: Headers): Headers
  /**
   * Resolves when every required channel has the batch (Flume's processEventBatch). Rejects with the first required
   * channel's error (`SLUICE_CHANNEL_FULL`, `SLUICE_PAUSED` when the operator paused the source, …); a retry of the same
   * batch with the same position or identity stores it only where it is missing.
   */
  put(batch: Batch, options?: ProcessorPutOptions): Promise<void>
  /** As `put`, but waits as long as it takes: full channels and pauses are states, shown as such. Rejects on `signal`. */
  putPatiently(batch: Batch, options?: ProcessorPutOptions): Promise<void>
  /**
   * The least position that the source's required channels have for `key`, and the larger ones that others already
   * have: no batch may reach across one of `stops`, so that a channel can skip what it has.
   */
  position(key: string): { position: SourcePosition; stops: readonly number[] } | undefined
  /** The least stored position of each key that starts with `prefix`. */
  positions(prefix: string): SourcePosition[]
  forgetPositions(keys: readonly string[]): Promise<void>
  /** True when the source's channels are all durable: positions then survive a restart. */
  readonly durable: boolean
}

export interface ProcessorPutOptions extends PutOptions {
  /** The batch was built with `prepareHeaders`. */
  readonly prepared?: boolean
}

export interface SourceContext extends ComponentContext {
  readonly channels: ChannelProcessor
  readonly counters: SourceCounters
  /** Says what the source is doing where that is not just running: `waiting: folder missing`. Empty when all is well. */
  reportState(note: string): void
  /** Something the operator should know of, kept until acknowledged: refused input, a skipped range, a bad frame. */
  reportEvent(code: string, message: string): void
  /**
   * The component cannot go on (its port was taken away, its command died for good): its supervisor shows `error`, stops it and
   * starts it again with a growing delay. Nothing else is touched.
   */
  reportFailure(error: unknown): void
}
