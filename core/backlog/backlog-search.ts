import type { BlockInfo, ChannelReader, Start } from '../channel/file/reader.ts'
import { isSluiceError } from '../errors.ts'
import type { Batch } from '../event/batch.ts'
import type { Event } from '../event/event.ts'
import { type CompiledQuery, compileQuery, type BacklogQuery } from './backlog-query.ts'

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

const blocksAtOnce = 64
/** Blocks that are being read while the one before them is searched. */
const readAhead = 4

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
    for await (const [block, batch] of readBlocks(reader, blocks)) {
      step(block.firstEvent)
      if (batch === 'gone' || batch === 'damaged') {
        progress[batch]++
        continue
      }
      for (const number of candidates(block, batch, compiled, backward)) {
        if (bound !== undefined && (backward ? number > bound : number < bound)) continue
        if (query.regex !== undefined) step(number)
        const event = batch.event(number - block.firstEvent)
        const hit = compiled.match(event)
        if (hit !== undefined) yield { number, at: block.at, event, hit }
      }
      progress.events += block.waiting.reduce((sum, [first, next]) => sum + next - first, 0)
      progress.bytes += batch.bytes.length
    }
    from = { event: backward ? last.firstEvent - 1 : last.firstEvent + last.count }
    if (from.event < 0) return
  }
}

type ReadBlock = Batch | 'gone' | 'damaged'

/** The blocks in their order, each with what was read of it. */
async function* readBlocks(
  reader: ChannelReader,
  blocks: readonly BlockInfo[],
): AsyncGenerator<readonly [BlockInfo, ReadBlock]> {
  const reading: Promise<ReadBlock>[] = []
  try {
    for (const [index, block] of blocks.entries()) {
      for (const next of blocks.slice(index + reading.length, index + 1 + readAhead)) {
        const read = readBlock(reader, next)
        // Its failure is met where it is waited for, which may be after that of a block before it, or never.
        read.catch(() => undefined)
        reading.push(read)
      }
      const read = await reading.shift()
      if (read !== undefined) yield [block, read]
    }
  } finally {
    // Whoever ends a search may close the files next.
    await Promise.allSettled(reading)
  }
}

async function readBlock(reader: ChannelReader, block: BlockInfo): Promise<ReadBlock> {
  try {
    return (await reader.batch(block)) ?? 'gone'
  } catch (error) {
    if (!isSluiceError(error, 'SLUICE_CHANNEL_CORRUPT')) throw error
    return 'damaged'
  }
}

/** The waiting events of a block in which the query's bytes lie, or all of them. */
function candidates(block: BlockInfo, batch: Batch, { needle }: CompiledQuery, backward: boolean): number[] {
  let numbers: number[]
  if (needle === undefined)
    numbers = block.waiting.flatMap(([first, next]) => Array.from({ length: next - first }, (_, at) => first + at))
  else {
    const waits = (number: number) => block.waiting.some(([first, next]) => number >= first && number < next)
    numbers = holders(batch, needle.bytes, needle.ignoreCase)
      .map((index) => block.firstEvent + index)
      .filter(waits)
  }
  return backward ? numbers.reverse() : numbers
}

/** The indexes of the events in whose bytes `needle` lies, or begins. */
function holders(batch: Batch, needle: Buffer, ignoreCase: boolean): number[] {
  const find = finder(batch.bytes, needle, ignoreCase)
  const found: number[] = []
  let offsets: Uint32Array | undefined
  for (let at = find(0); at >= 0;) {
    offsets ??= batch.offsets()
    let low = found.length === 0 ? 0 : (found.at(-1) ?? 0) + 1
    let high = batch.count - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((offsets[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    found.push(low)
    at = low + 1 >= batch.count ? -1 : find(offsets[low + 1] ?? batch.bytes.length)
  }
  return found
}

function finder(bytes: Buffer, needle: Buffer, ignoreCase: boolean): (from: number) => number {
  if (!ignoreCase) return (from) => bytes.indexOf(needle, from)
  // One byte is one character in Latin-1, lower case too, so places in the text are places in the bytes.
  const text = bytes.toString('latin1').toLowerCase()
  const lower = needle.toString('latin1').toLowerCase()
  return (from) => text.indexOf(lower, from)
}
