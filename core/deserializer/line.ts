import { z } from 'zod'
import { defineDeserializer } from '../component/definition.ts'
import { choice, whole } from '../component/settings.ts'
import { StreamReader } from '../source/taildir/stream-reader.ts'

export const lineDeserializer = defineDeserializer({
  type: 'LINE',
  aliases: ['org.apache.flume.serialization.LineDeserializer$Builder'],
  summary: 'One event a line; only a newline ends one.',
  differences: ['maxLineLength counts bytes of the file, without the newline.'],
  settings: z.object({
    maxLineLength: whole(1, 64 * 1024 * 1024)
      .default(2048)
      .describe('Most bytes of a line: the rest becomes further events.'),
    outputCharset: choice(['UTF-8']).default('UTF-8').describe('Encoding of the events.'),
  }),
  create({ maxLineLength }, { limits, form, channels }) {
    const settings = {
      maxLineLength,
      longLines: 'split',
      lineEnding: 'lf',
      startPattern: undefined,
      get batchSize() {
        return limits.batchSize
      },
      form,
      fileHeader: undefined,
      byteOffsetHeader: undefined,
      turnBytes: Infinity,
      turnBatches: Infinity,
    } as const
    const reader = new StreamReader(settings, channels)
    return { emptyFileIsEvent: true, inBlocks: false, turn: (stream, turn) => reader.turn(stream, turn) }
  },
})
