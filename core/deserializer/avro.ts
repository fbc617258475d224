import { z } from 'zod'
import { defineDeserializer } from '../component/definition.ts'
import { choice, whole } from '../component/settings.ts'
import { AvroDeserializer, schemaTypes } from './avro-deserializer.ts'
import { containerCodecs } from './container-file.ts'

export const avroDeserializer = defineDeserializer({
  type: 'AVRO',
  aliases: ['org.apache.flume.serialization.AvroEventDeserializer$Builder'],
  summary:
    'One event a datum of an Avro container file: the body is the datum in binary form, a header has its schema or the hash of it.',
  differences: [
    'Bodies are the bytes that stand in the file, and the literal schema is its text; Flume writes both anew.',
    'A file without a datum makes no event, and datums need not be records.',
    `Blocks may be compressed by ${containerCodecs.slice(1).join(', ')}; bzip2 and xz are not read.`,
  ],
  settings: z.object({
    schemaType: choice(schemaTypes)
      .default('HASH')
      .describe(
        'HASH: header flume.avro.schema.hash, CRC-64-AVRO in hexadecimal digits. LITERAL: flume.avro.schema.literal.',
      ),
    maxBlockLength: whole(1024, 1024 * 1024 * 1024)
      .default(64 * 1024 * 1024)
      .describe('Most bytes of a block, uncompressed: it is held in memory as a whole.'),
  }),
  create: (settings, context) => new AvroDeserializer(settings, context),
})
