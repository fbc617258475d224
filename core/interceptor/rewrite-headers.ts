import { AvroCursor } from '../event/avro-bytes.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import { type Batch, readEvent } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'

/**
 * A batch whose headers are what `change` makes of them; bodies are copied as bytes. Events whose encoded headers
 * equal those of the event before them share its result, so a uniform batch costs one change and one encoding.
 * `change` returns its argument when it has nothing to do; when that is so for every event, `batch` itself is returned.
 */
export function rewriteHeaders(batch: Batch, change: (headers: Headers) => Headers): Batch {
  const { bytes, count } = batch
  const cursor = new AvroCursor(bytes)
  const builder = new BatchBuilder(bytes.length + count * 32)
  let changed = false
  let lastStart = -1
  let lastEnd = -1
  for (let index = 0; index < count; index++) {
    const start = cursor.at
    cursor.skipMap()
    const end = cursor.at
    if (lastStart < 0 || bytes.compare(bytes, lastStart, lastEnd, start, end) !== 0) {
      const { headers } = readEvent(new AvroCursor(bytes, start))
      const result = change(headers)
      if (result !== headers) changed = true
      builder.shareHeaders(result)
      lastStart = start
      lastEnd = end
    }
    const length = cursor.length()
    builder.addSlice(bytes, cursor.at, cursor.at + length)
    cursor.at += length
  }
  const result = builder.finish()
  if (changed) return result
  result.recycle()
  return batch
}

/** `headers` with `name` set to `value`; `headers` itself when an existing value is to be kept. */
export function withHeader(headers: Headers, name: string, value: string, preserveExisting: boolean): Headers {
  const existing = headers.get(name)
  if (existing !== undefined && (preserveExisting || existing === value)) return headers
  return new Map(headers).set(name, value)
}
