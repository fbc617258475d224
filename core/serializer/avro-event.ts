import { createHash, randomBytes } from 'node:crypto'
import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib'
import { z } from 'zod'
import { defineSerializer } from '../component/definition.ts'
import { choice, whole } from '../component/settings.ts'
import { longSize, writeLong } from '../event/avro-bytes.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import type { Batch } from '../event/batch.ts'
import type { Event } from '../event/event.ts'
import type { EventSerializer } from './serializer.ts'

const codecs = ['null', 'deflate', 'zstandard'] as const
type Codec = (typeof codecs)[number]

/** The record that Flume writes into its container files (flume.md §3.15). */
const schema = JSON.stringify({
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'headers', type: { type: 'map', values: 'string' } },
    { name: 'body', type: 'bytes' },
  ],
})

const nothing = Buffer.alloc(0)

function bytesWithLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(longSize(bytes.length))
  writeLong(length, bytes.length, 0)
  return Buffer.concat([length, bytes])
}

/**
 * Writes an Avro object container file (Avro 1.11 specification, "Object Container Files"). A block is as long as a batch, or
 * as syncIntervalBytes when batches are larger; what lies in a batch is written as it is.
 */
export class AvroEventSerializer implements EventSerializer {
  readonly appendable = false
  readonly #codec: Codec
  readonly #interval: number
  readonly #sync = createHash('md5').update(randomBytes(16)).digest()
  readonly #builder = new BatchBuilder()

  constructor(codec: Codec, interval: number) {
    this.#codec = codec
    this.#interval = interval
  }

  begin(): Buffer {
    const metadata = [
      ['avro.schema', schema],
      ['avro.codec', this.#codec],
    ].flatMap((pair) => pair.map((text) => bytesWithLength(Buffer.from(text))))
    return Buffer.concat([
      Buffer.from('Obj\x01', 'latin1'),
      Buffer.from([4]),
      ...metadata,
      Buffer.from([0]),
      this.#sync,
    ])
  }

  write(event: Event, out: Buffer[]): void {
    this.#builder.addEvent(event.headers, event.body)
    if (this.#builder.length >= this.#interval) this.flush(out)
  }

  writeBatch(batch: Batch): Buffer {
    return this.#block(batch.bytes, batch.count)
  }

  flush(out: Buffer[]): void {
    if (this.#builder.count === 0) return
    const { bytes, count } = this.#builder.finish()
    out.push(this.#block(bytes, count))
  }

  end(): Buffer {
    return nothing
  }

  #block(events: Buffer, count: number): Buffer {
    const data =
      this.#codec === 'deflate'
        ? deflateRawSync(events)
        : this.#codec === 'zstandard'
          ? zstdCompressSync(events, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
          : events
    const head = Buffer.alloc(longSize(count) + longSize(data.length))
    writeLong(head, data.length, writeLong(head, count, 0))
    return Buffer.concat([head, data, this.#sync])
  }
}

export const avroEventSerializer = defineSerializer({
  type: 'avro_event',
  aliases: ['org.apache.flume.serialization.FlumeEventAvroEventSerializer$Builder'],
  summary: 'An Avro container file of events, headers and all.',
  differences: [
    'snappy and bzip2 are not written; zstandard is.',
    'Each delivery ends a block, so that it can be read.',
  ],
  settings: z.object({
    syncIntervalBytes: whole(32).default(2_048_000).describe('Bytes after which a block ends.'),
    compressionCodec: choice(codecs).default('null').describe('How blocks are compressed.'),
  }),
  create: (settings) => new AvroEventSerializer(settings.compressionCodec, settings.syncIntervalBytes),
})
