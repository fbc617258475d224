import type { SourcePosition } from '../channel.ts'
import { EventRanges } from '../event-ranges.ts'
import type { StateMeta } from './frame-meta.ts'
import { SenderIdentities } from '../sender-identities.ts'

/** One segment file: which blocks and events it holds and how far it is known to be good. */
export interface Segment {
  readonly id: number
  readonly firstEvent: number
  nextEvent: number
  /** Bytes of whole, durable frames; what lies behind is nothing. */
  length: number
  sealed: boolean
}

/** One row of the index: a block of events and where its frame lies. */
export interface BlockRow {
  readonly firstEvent: number
  readonly count: number
  readonly block: number
  readonly segment: number
  /** Of the frame's header. */
  readonly offset: number
  /** Of the whole frame. */
  readonly size: number
  readonly rawLength: number
  readonly at: number
}

export const settleKinds = ['delivered', 'dropped', 'quarantined', 'lost'] as const
export type SettleKind = (typeof settleKinds)[number]

/** Events `[first, next)` that left the queue out of order, or by a hand. */
export interface SettledRow {
  readonly first: number
  readonly next: number
  readonly kind: SettleKind
  readonly reason: string
  readonly at: number
}

/** What has changed since the last index transaction. */
export class Changes {
  readonly blocks: BlockRow[] = []
  readonly settled: SettledRow[] = []
  readonly restored: [number, number][] = []
  readonly losses: SettledRow[] = []
  readonly positions = new Set<string>()
  readonly identities = new Set<string>()
  readonly segments = new Set<Segment>()
  readonly removedSegments: number[] = []
  counters = false

  get any(): boolean {
    return this.counters || this.blocks.length > 0 || this.positions.size > 0 || this.segments.size > 0
  }

  clear(): void {
    this.blocks.length = 0
    this.settled.length = 0
    this.restored.length = 0
    this.losses.length = 0
    this.removedSegments.length = 0
    this.positions.clear()
    this.identities.clear()
    this.segments.clear()
    this.counters = false
  }
}

/**
 * The books of a channel as its one writer keeps them. Events are numbered from 0 without a gap, so `nextEvent` is
 * also how many were received; every settled event is counted by exactly one of `delivered`, `dropped`, `quarantined`
 * and `lost`, so the ledger's equation holds by construction:
 * `nextEvent = low + events settled above low + queued`.
 */
export class ChannelState {
  readonly channel: string
  nextBlock = 0
  nextEvent = 0
  /** Every event below is settled. */
  low = 0
  /** What is settled above `low`. */
  settled = new EventRanges()
  delivered = 0
  quarantined = 0
  lost = 0
  repeated = 0
  dropped = new Map<string, number>()
  /** Avro bytes of the events that are queued. */
  bytes = 0
  /** Segments up to this one are gone. */
  droppedSegment = 0
  readonly positions = new Map<string, SourcePosition>()
  readonly identities = new SenderIdentities()
  /** Oldest first. */
  segments: Segment[] = []
  readonly changes = new Changes()

  constructor(channel: string) {
    this.channel = channel
  }

  get queued(): number {
    return this.nextEvent - this.low - this.settled.count()
  }

  /** Takes note of a block that is durable. */
  append(row: BlockRow, segment: Segment): void {
    this.nextBlock = row.block + 1
    this.nextEvent = row.firstEvent + row.count
    segment.nextEvent = this.nextEvent
    segment.length = row.offset + row.size
    this.bytes += row.rawLength
    if (row.count > 0) this.changes.blocks.push(row)
    this.changes.segments.add(segment)
    this.changes.counters = true
  }

  /** Settles what of `[first, next)` is not settled yet; returns how many events that were. */
  settle(row: SettledRow, bytes: number): number {
    const first = Math.max(row.first, this.low)
    const next = Math.min(row.next, this.nextEvent)
    const fresh = this.settled.missing(first, next)
    const added = this.settled.add(first, next)
    if (added === 0) return 0
    if (row.kind === 'dropped') this.dropped.set(row.reason, (this.dropped.get(row.reason) ?? 0) + added)
    else this[row.kind] += added
    this.low = this.settled.takeFrom(this.low)
    // A repeat of a settlement after a crash may overlap: then the bytes are shared out by events.
    this.bytes = Math.max(0, this.bytes - Math.round((bytes * added) / (row.next - row.first)))
    if (this.queued === 0) this.bytes = 0
    for (const [from, to] of fresh) {
      if (to > this.low) this.changes.settled.push({ ...row, first: from, next: to })
      if (row.kind === 'lost') this.changes.losses.push({ ...row, first: from, next: to })
    }
    this.changes.counters = true
    return added
  }

  /** The block that holds `event`, when the index does not have it yet. */
  unwrittenBlock(event: number): BlockRow | undefined {
    const { blocks } = this.changes
    let from = 0
    let to = blocks.length
    while (from < to) {
      const middle = (from + to) >> 1
      const { firstEvent, count } = blocks[middle]!
      if (firstEvent + count <= event) from = middle + 1
      else to = middle
    }
    const found = blocks[from]
    return found !== undefined && found.firstEvent <= event ? found : undefined
  }

  setPosition(position: SourcePosition): void {
    this.positions.set(position.key, position)
    this.changes.positions.add(position.key)
  }

  forgetPosition(key: string): void {
    this.positions.delete(key)
    this.changes.positions.add(key)
  }

  /** For the frame at the head of a segment. */
  snapshot(segment: number): StateMeta {
    return {
      channel: this.channel,
      segment,
      nextBlock: this.nextBlock,
      nextEvent: this.nextEvent,
      low: this.low,
      delivered: this.delivered,
      quarantined: this.quarantined,
      lost: this.lost,
      repeated: this.repeated,
      dropped: [...this.dropped],
      settled: [...this.settled],
      positions: [...this.positions.values()],
      identities: [...this.identities.senders()].map((sender) => [
        sender,
        this.identities.record(sender) ?? { floor: 0, seen: [] },
      ]),
    }
  }

  /** Takes over everything a snapshot says, except the segments and the bytes. */
  adopt(meta: StateMeta): void {
    this.nextBlock = meta.nextBlock
    this.nextEvent = meta.nextEvent
    this.low = meta.low
    this.delivered = meta.delivered
    this.quarantined = meta.quarantined
    this.lost = meta.lost
    this.repeated = meta.repeated
    this.dropped = new Map(meta.dropped)
    this.settled = EventRanges.of(meta.settled)
    this.positions.clear()
    for (const position of meta.positions) this.positions.set(position.key, position)
    this.identities.clear()
    for (const [sender, record] of meta.identities) this.identities.restore(sender, record)
  }
}
