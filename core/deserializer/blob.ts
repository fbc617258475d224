import { z } from 'zod'
import { defineDeserializer } from '../component/definition.ts'
import { whole } from '../component/settings.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import type { FileContent } from '../source/taildir/file-content.ts'
import { markAt } from '../source/taildir/mark.ts'
import type { Stream } from '../source/taildir/stream.ts'
import type { Turn, TurnEnd } from '../source/taildir/stream-reader.ts'
import type { DeserializerContext, EventDeserializer } from './deserializer.ts'
import { sameContent } from './same-content.ts'

/** A batch of this many bytes is long enough. */
const mostBatchBytes = 4 * 1024 * 1024

/** A whole file as one event; what is over `maxBlobLength` as further ones. Holds one of them in memory. */
export class BlobDeserializer implements EventDeserializer {
  readonly emptyFileIsEvent = true
  readonly inBlocks = false
  readonly #maxBlobLength: number
  readonly #context: Pick<DeserializerContext, 'channels' | 'limits'>

  constructor(maxBlobLength: number, context: Pick<DeserializerContext, 'channels' | 'limits'>) {
    this.#maxBlobLength = maxBlobLength
    this.#context = context
  }

  async turn(stream: Stream, turn: Turn): Promise<TurnEnd> {
    if (!(await sameContent(stream, turn.content))) return 'replaced'
    const headers = this.#context.channels.prepareHeaders(stream.group.headers)
    let builder: BatchBuilder | undefined
    for (;;) {
      const { offset } = stream.read
      const stop = stream.stops.find((one) => one > offset) ?? Infinity
      const wanted = Math.min(this.#maxBlobLength, stream.size - offset, stop - offset)
      const blob = await wholeBytes(turn.content, offset, Math.max(0, wanted))
      const atEnd = blob.length === 0
      if (!atEnd) {
        builder ??= new BatchBuilder(blob.length + 1024)
        if (builder.count === 0) builder.shareHeaders(headers)
        builder.addBody(blob)
        stream.read = markAt(blob, blob.length, offset, stream.read.line)
      }
      const due = atEnd || stream.read.offset === stop || (builder?.length ?? 0) >= mostBatchBytes
      if (builder && (due || builder.count >= this.#context.limits.batchSize)) {
        const more = turn.put(builder.finish(), stream.read, true)
        builder = undefined
        if (!more || stream.broken) return 'blocked'
      }
      if (atEnd) return 'end'
    }
  }
}

/** `length` bytes from `position` on, fewer only where the file ends: one read may bring less than there is. */
async function wholeBytes(content: FileContent, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const read = await content.read(bytes.subarray(filled), position + filled)
    if (read === 0) break
    filled += read
  }
  return bytes.subarray(0, filled)
}

export const blobDeserializer = defineDeserializer({
  type: 'BLOB',
  aliases: ['org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder'],
  summary: 'One event a file; a file over the limit becomes several, one behind the other.',
  differences: ['Has a short name: BLOB.'],
  settings: z.object({
    maxBlobLength: whole(1, 1024 * 1024 * 1024)
      .default(100_000_000)
      .describe('Most bytes of an event; it is held in memory as a whole.'),
  }),
  create: ({ maxBlobLength }, context) => new BlobDeserializer(maxBlobLength, context),
})
