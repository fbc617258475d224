import { SluiceError } from '../errors.ts'
import { AvroCursor } from './avro-bytes.ts'
import type { EventRuns } from './event-runs.ts'
import type { Event } from './event.ts'
import { sharedMemory } from './shared-memory.ts'

/** Which events of which batch another one holds. */
export interface TakenEvents {
  readonly of: object
  readonly events: EventRuns
}

/**
 * Events in a row, in the form in which they are stored and sent: each is Flume's `AvroFlumeEvent` (map<string>
 * headers, bytes body) in Avro binary, back to back, without the array's counts. `bytes` never changes once a batch
 * exists, so that a channel, a sink and a reader may share it; it usually lies in shared memory, which lets the
 * channel's worker write it without a copy.
 */
export class Batch {
  readonly bytes: Buffer
  readonly count: number
  #offsets: Uint32Array | undefined
  #memory: Buffer | undefined
  /** Stands for this batch in those that are made of it, which must not keep its memory. */
  #self: object | undefined
  readonly #taken: TakenEvents | undefined

  /** `taken`: of which batch these events are a part. `memory`: the whole pooled buffer that `bytes` is part of, when this batch is the only one in it. */
  constructor(bytes: Buffer, count: number, memory?: Buffer, taken?: TakenEvents) {
    this.bytes = bytes
    this.count = count
    this.#memory = memory
    this.#taken = taken
  }

  /**
   * Gives the batch's memory back for use by other batches. Only its sole owner may say so, when nobody reads it any
   * more: a channel to which it was put with `exclusive`. Without the call the garbage collector does it, later.
   */
  recycle(): void {
    if (this.#memory) sharedMemory.give(this.#memory)
    this.#memory = undefined
  }

  static readonly empty = new Batch(Buffer.alloc(0), 0)

  /** Start of each event, and behind the last the length of `bytes`: `count + 1` numbers, made when first asked for. */
  offsets(): Uint32Array {
    this.#offsets ??= eventOffsets(this.bytes, this.count)
    return this.#offsets
  }

  /** Event number `index`; its body is a view on the batch. */
  event(index: number): Event {
    return readEvent(new AvroCursor(this.bytes, this.offsets()[index]))
  }

  *events(): Generator<Event> {
    const cursor = new AvroCursor(this.bytes)
    for (let index = 0; index < this.count; index++) yield readEvent(cursor)
  }

  /** `events` of this batch, for a batch that is made of them. */
  take(events: EventRuns): TakenEvents {
    this.#self ??= {}
    return { of: this.#self, events }
  }

  /** Which events of `batch` these are; undefined when this was not made of `batch`, or nobody said so. */
  takenOf(batch: Batch): EventRuns | undefined {
    return this.#taken !== undefined && this.#taken.of === batch.#self ? this.#taken.events : undefined
  }

  /** Only some of the events, as a copy that knows which they are: what drops events keeps their numbers with it. */
  keeping(events: EventRuns): Batch {
    const [only] = events
    if (events.length === 1 && only?.[0] === 0 && only[1] === this.count) return this
    const offsets = this.offsets()
    const ranges = events.map(([from, to]) => [offsets[from] ?? 0, offsets[to] ?? 0] as const)
    const size = ranges.reduce((sum, [start, end]) => sum + end - start, 0)
    const memory = sharedMemory.take(size)
    let at = 0
    for (const [start, end] of ranges) at += this.bytes.copy(memory, at, start, end)
    const count = events.reduce((sum, [from, to]) => sum + to - from, 0)
    return new Batch(memory.subarray(0, size), count, memory, this.take(events))
  }

  /** Events `from` (inclusive) to `to` (exclusive), as a view. */
  slice(from: number, to: number): Batch {
    if (from === 0 && to === this.count) return this
    const offsets = this.offsets()
    return new Batch(this.bytes.subarray(offsets[from], offsets[to]), to - from)
  }
}

/** Reads one event; the body is a view on the cursor's buffer. */
export function readEvent(cursor: AvroCursor): Event {
  const headers = new Map<string, string>()
  for (;;) {
    let count = cursor.long()
    if (count === 0) break
    if (count < 0) {
      cursor.long()
      count = -count
    }
    for (let index = 0; index < count; index++) headers.set(cursor.text(), cursor.text())
  }
  return { headers, body: cursor.view() }
}

/** Finds where each of `count` events starts; throws `SLUICE_EVENT_FORMAT` when `bytes` is not exactly that many. */
export function eventOffsets(bytes: Buffer, count: number): Uint32Array {
  const offsets = new Uint32Array(count + 1)
  const cursor = new AvroCursor(bytes)
  for (let index = 0; index < count; index++) {
    offsets[index] = cursor.at
    cursor.skipMap()
    cursor.skip()
  }
  offsets[count] = cursor.at
  if (cursor.at !== bytes.length)
    throw new SluiceError(
      'SLUICE_EVENT_FORMAT',
      `${count} events end at byte ${cursor.at}, but the batch has ${bytes.length} bytes`,
    )
  return offsets
}
