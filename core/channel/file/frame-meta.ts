import type { BatchIdentity, SourcePosition } from '../channel.ts'
import type { SenderRecord } from '../sender-identities.ts'

/** What an `events` frame carries beside its events. */
export interface EventsMeta {
  readonly position?: SourcePosition
  readonly identity?: BatchIdentity
  /** An identity with `runs`: under a name of its own, so that whoever knows nothing of runs leaves it alone. */
  readonly scattered?: BatchIdentity
}

/**
 * What a `state` frame carries: all that the index knows and older segments might have said. Every segment starts with
 * one, so the index can be made again from the segments that are left.
 */
export interface StateMeta {
  readonly channel: string
  /** The number of the segment that it is the head of; what the first release wrote does not say. */
  readonly segment?: number | undefined
  readonly nextBlock: number
  readonly nextEvent: number
  readonly low: number
  readonly delivered: number
  readonly quarantined: number
  readonly lost: number
  readonly repeated: number
  readonly dropped: readonly (readonly [reason: string, events: number])[]
  readonly settled: readonly (readonly [first: number, next: number])[]
  readonly positions: readonly SourcePosition[]
  readonly identities: readonly (readonly [sender: string, record: SenderRecord])[]
}

/** What a `quarantine` frame carries: why, and when. */
export interface QuarantineMeta {
  readonly reason: string
  readonly at: number
}

const nothing = Buffer.alloc(0)

export function encodeMeta(meta: EventsMeta | StateMeta | QuarantineMeta | undefined): Buffer {
  return meta === undefined ? nothing : Buffer.from(JSON.stringify(meta))
}

/**
 * Reads a meta area whose CRC was right, so that it is what this program wrote. Throws `SyntaxError` when it is not
 * JSON, which only a program error can cause.
 */
export function decodeMeta(bytes: Buffer): unknown {
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'))
}
