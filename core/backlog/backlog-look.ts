import { type BlockInfo, type BacklogSummary, ChannelReader, type Start } from '../channel/file/reader.ts'
import type { ChannelStore } from '../channel/channel.ts'
import { SluiceError } from '../errors.ts'
import type { Batch } from '../event/batch.ts'
import { type BacklogRow, backlogRow } from './backlog-row.ts'
import { WaitingEvents } from './waiting-events.ts'

export interface BacklogPage {
  readonly rows: readonly BacklogRow[]
  /** The place of the first row among all that wait; 0 is the oldest. */
  readonly position: number
  readonly total: number
}

export interface WholeEvent {
  readonly number: number
  readonly at: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  /** Bytes of the whole body; `body` may be cut. */
  readonly size: number
  readonly segment: number
  /** Of the block that holds it, in its segment. */
  readonly offset: number
}

export interface HeaderCounts {
  readonly values: readonly { readonly value: string; readonly events: number }[]
  /** Events without the header. */
  readonly without: number
  /** Events with values that are not in the list. */
  readonly others: number
  /** Events that were looked at; fewer than `total`: a sample, spread evenly. */
  readonly counted: number
  readonly total: number
}

/** Batches that are kept decoded, and their bytes: a list is scrolled to and fro. */
const keptBatches = 8
const keptBytes = 16 * 1024 * 1024
const mostValues = 10_000

/** Looks at what waits in a channel's folder. It takes nothing and holds nobody up. */
export class BacklogLook {
  readonly #reader: ChannelReader
  readonly #kept = new Map<number, Batch>()

  /** Throws `SLUICE_FILE` when there is no channel in `folder`. */
  constructor({ folder, keys }: ChannelStore) {
    this.#reader = new ChannelReader(folder, keys)
  }

  get reader(): ChannelReader {
    return this.#reader
  }

  summary(): BacklogSummary {
    return this.#reader.summary()
  }

  waiting(): WaitingEvents {
    const { low, nextEvent, settled } = this.#reader.marks()
    return new WaitingEvents(low, nextEvent, settled)
  }

  /** Up to `limit` rows in ascending order, from `start` on, or those that end there. */
  async page(start: Start, limit: number, backward: boolean): Promise<BacklogPage> {
    const waiting = this.waiting()
    const rows = await this.#rows(start, limit, backward || start === 'newest')
    if (backward || start === 'newest') rows.reverse()
    const first = rows[0]
    return { rows, position: first === undefined ? 0 : waiting.positionOf(first.number), total: waiting.total }
  }

  /** Up to `limit` rows from the event at `position` (0: the oldest) on. */
  async at(position: number, limit: number): Promise<BacklogPage> {
    const waiting = this.waiting()
    const rows = await this.#rows({ event: waiting.numberAt(position) }, limit, false)
    const first = rows[0]
    return { rows, position: first === undefined ? position : waiting.positionOf(first.number), total: waiting.total }
  }

  async #rows(start: Start, limit: number, backward: boolean): Promise<BacklogRow[]> {
    const rows: BacklogRow[] = []
    for await (const { block, batch, numbers } of this.#blocks(start, backward)) {
      for (const number of numbers) {
        rows.push(backlogRow(number, block.at, batch.event(number - block.firstEvent)))
        if (rows.length === limit) return rows
      }
    }
    return rows
  }

  /** Blocks with the numbers of their waiting events, from `start` on in its direction. */
  async *#blocks(
    start: Start,
    backward: boolean,
  ): AsyncGenerator<{ block: BlockInfo; batch: Batch; numbers: number[] }> {
    let from: Start = start
    for (;;) {
      const [block] = this.#reader.blocks(from, 1, backward)
      if (block === undefined) return
      const bound = typeof from === 'object' && 'event' in from ? from.event : undefined
      const batch = await this.#batch(block)
      if (batch !== undefined) {
        const numbers = block.waiting
          .flatMap(([first, next]) => Array.from({ length: next - first }, (_, at) => first + at))
          .filter((number) => bound === undefined || (backward ? number <= bound : number >= bound))
        if (backward) numbers.reverse()
        yield { block, batch, numbers }
      }
      from = { event: backward ? block.firstEvent - 1 : block.firstEvent + block.count }
      if (from.event < 0) return
    }
  }

  async #batch(block: BlockInfo): Promise<Batch | undefined> {
    const kept = this.#kept.get(block.firstEvent)
    if (kept !== undefined) {
      this.#kept.delete(block.firstEvent)
      this.#kept.set(block.firstEvent, kept)
      return kept
    }
    const batch = await this.#reader.batch(block)
    if (batch === undefined) return undefined
    this.#kept.set(block.firstEvent, batch)
    let bytes = [...this.#kept.values()].reduce((sum, one) => sum + one.bytes.length, 0)
    for (const [first, one] of this.#kept) {
      if (this.#kept.size <= 1 || (this.#kept.size <= keptBatches && bytes <= keptBytes)) break
      bytes -= one.bytes.length
      this.#kept.delete(first)
    }
    return batch
  }

  /** One event with at most `mostBytes` of its body. Throws `SLUICE_CONTROL` when it does not wait any more. */
  async event(number: number, mostBytes: number): Promise<WholeEvent> {
    const [block] = this.#reader.blocks({ event: number }, 1)
    const waits = block?.waiting.some(([first, next]) => number >= first && number < next) === true
    const batch = block === undefined || !waits ? undefined : await this.#batch(block)
    if (block === undefined || batch === undefined)
      throw new SluiceError('SLUICE_CONTROL', `event ${number} does not wait any more: it was delivered or dropped`)
    const { headers, body } = batch.event(number - block.firstEvent)
    const { at, segment, offset } = block
    return { number, at, headers: [...headers], body: body.subarray(0, mostBytes), size: body.length, segment, offset }
  }

  /** How often each value of a header waits; of at most `mostBlocks` blocks, spread evenly when there are more. */
  async counts(header: string, limit: number, mostBlocks: number): Promise<HeaderCounts> {
    const waiting = this.waiting()
    const found = new Map<string, number>()
    let without = 0
    let counted = 0
    let crowded = 0
    const count = (value: string | undefined) => {
      counted++
      if (value === undefined) without++
      else if (found.size < mostValues || found.has(value)) found.set(value, (found.get(value) ?? 0) + 1)
      else crowded++
    }
    const look = async (block: BlockInfo) => {
      const batch = await this.#reader.batch(block)
      if (batch === undefined) return
      for (const [first, next] of block.waiting)
        for (let number = first; number < next; number++)
          count(batch.event(number - block.firstEvent).headers.get(header))
    }
    const blocks = this.#reader.blocks('oldest', mostBlocks + 1)
    if (blocks.length <= mostBlocks) for (const block of blocks) await look(block)
    else {
      let before = -1
      for (let step = 0; step < mostBlocks; step++) {
        const [block] = this.#reader.blocks({ event: waiting.numberAt((waiting.total * step) / mostBlocks) }, 1)
        if (block !== undefined && block.firstEvent > before) await look(block)
        before = Math.max(before, block?.firstEvent ?? 0)
      }
    }
    const values = [...found]
      .map(([value, events]) => ({ value, events }))
      .sort((one, other) => other.events - one.events)
    const others = values.slice(limit).reduce((sum, { events }) => sum + events, crowded)
    return { values: values.slice(0, limit), without, others, counted, total: waiting.total }
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }
}
