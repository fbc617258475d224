import type { Batch } from '../event/batch.ts'
import type { BlockHint } from './backlog-query.ts'

/** The indexes of the events of a batch in which what is hinted at begins: no other can match. */
export function hintedEvents(batch: Batch, hint: BlockHint): number[] {
  const find = finder(batch.bytes, hint)
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

/** One byte is one character in Latin-1, lower case too, so places in the text are places in the bytes. */
function finder(bytes: Buffer, hint: BlockHint): (from: number) => number {
  if (hint.kind === 'pattern') {
    const text = bytes.toString('latin1')
    return (from) => {
      hint.pattern.lastIndex = from
      return hint.pattern.exec(text)?.index ?? -1
    }
  }
  if (!hint.ignoreCase) return (from) => bytes.indexOf(hint.bytes, from)
  const text = bytes.toString('latin1').toLowerCase()
  const lower = hint.bytes.toString('latin1').toLowerCase()
  return (from) => text.indexOf(lower, from)
}
