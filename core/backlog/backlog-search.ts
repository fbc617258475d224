import type { BlockInfo, ChannelReader, Start } from '../channel/file/reader.ts'
import { SluiceError } from '../errors.ts'
import type { Batch } from '../event/batch.ts'
import type { Event } from '../event/event.ts'
import { type BacklogQuery, type BlockHint, compileQuery } from './backlog-query.ts'
import { hintedEvents } from './hinted-events.ts'

/** An event that a query found; `hit` is the byte of its body, or -1 when its headers match. */
export interface FoundEvent {
  readonly number: number
  readonly at: number
  readonly event: Event
  readonly hit: number
}

/** How far a search is. Bytes are those of the stored form, uncompressed. */
export interface SearchProgress {
  events: number
  bytes: number
  /** Blocks that could not be read, and those that went meanwhile. */
  damaged: number
  gone: number
}

const blocksAtOnce = 256

/**
 * Goes through the waiting events from `start` on (back from it with `backward`) and yields what the query finds. A
 * block without the query's text in it costs one search of its bytes. `step` is called for every block, and for every
 * event that a regular expression is tried on, with the number it is at: a watch can see where it hangs.
 */
export async function* searchBacklog(
  reader: ChannelReader,
  query: BacklogQuery,
  start: Start,
  backward: boolean,
  progress: SearchProgress,
  step: (number: number) => void,
): AsyncGenerator<FoundEvent> {
  const compiled = compileQuery(query)
  let from: Start = start
  for (;;) {
    const blocks = reader.blocks(from, blocksAtOnce, backward)
    const last = blocks.at(-1)
    if (last === undefined) return
    const bound = typeof from === 'object' && 'event' in from ? from.event : undefined
    for await (const [block, batch] of reader.batches(blocks)) {
      step(block.firstEvent)
      if (batch === undefined) {
        progress.gone++
        continue
      }
      if (batch instanceof SluiceError) {
        if (batch.code !== 'SLUICE_CHANNEL_CORRUPT') throw batch
        progress.damaged++
        continue
      }
      for (const number of candidates(block, batch, compiled.hint, backward)) {
        if (bound !== undefined && (backward ? number > bound : number < bound)) continue
        if (query.regex !== undefined) step(number)
        const { headers, body } = batch.event(number - block.firstEvent)
        const hit = compiled.match({ headers, body })
        // Whoever gets it may keep it; the batch is read over.
        if (hit !== undefined) yield { number, at: block.at, event: { headers, body: Buffer.from(body) }, hit }
      }
      progress.events += block.waiting.reduce((sum, [first, next]) => sum + next - first, 0)
      progress.bytes += batch.bytes.length
    }
    from = { event: backward ? last.firstEvent - 1 : last.firstEvent + last.count }
    if (from.event < 0) return
  }
}

/** The waiting events of a block that may match. */
function* candidates(
  block: BlockInfo,
  batch: Batch,
  hint: BlockHint | undefined,
  backward: boolean,
): Generator<number> {
  if (hint !== undefined) {
    const waits = (number: number) => block.waiting.some(([first, next]) => number >= first && number < next)
    const numbers = hintedEvents(batch, hint).map((index) => block.firstEvent + index)
    yield* (backward ? numbers.reverse() : numbers).filter(waits)
    return
  }
  for (const [first, next] of backward ? block.waiting.toReversed() : block.waiting)
    for (let at = 0; at < next - first; at++) yield backward ? next - 1 - at : first + at
}
