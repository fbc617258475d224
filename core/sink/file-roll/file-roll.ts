import { resolve } from 'node:path'
import { z } from 'zod'
import { defineSink } from '../../component/definition.ts'
import type { SerializerDefinition } from '../../component/definition.ts'
import { choice, flag, named, text, whole } from '../../component/settings.ts'
import { SluiceError } from '../../errors.ts'
import { avroEventSerializer } from '../../serializer/avro-event.ts'
import { headerAndTextSerializer } from '../../serializer/header-and-text.ts'
import { textSerializer } from '../../serializer/text.ts'
import { PathEscapes } from '../path-escapes.ts'
import { FileRollSink } from './file-roll-sink.ts'

const serializers: readonly SerializerDefinition[] = [textSerializer, headerAndTextSerializer, avroEventSerializer]

function serializerNamed(name: string): SerializerDefinition | undefined {
  const wanted = name.toLowerCase()
  return serializers.find(({ type, aliases }) => [type, ...aliases].some((one) => one.toLowerCase() === wanted))
}

const settings = z
  .object({
    'sink.directory': text().describe(
      'Where files go. May have escapes: %Y-%m-%d, %{header}, …; then folders are made.',
    ),
    'sink.rollInterval': whole().default(30).describe('Seconds after which a file is ended; 0 is never.'),
    'sink.rollSize': whole().default(0).describe('Bytes after which a file is ended; 0 is never.'),
    'sink.rollCount': whole().default(0).describe('Events after which a file is ended; 0 is never.'),
    'sink.batchSize': whole(1).default(100).describe('Most events written with one sync.'),
    'sink.serializer': text()
      .refine((name) => serializerNamed(name) !== undefined, {
        message: `give one of: ${serializers.map(({ type }) => type).join(', ')}`,
      })
      .default('text')
      .describe('What a file holds of an event.'),
    'sink.serializer.*': named().describe('Settings of the serializer.'),
    'sink.pathManager': choice(['default', 'rolltime'])
      .default('default')
      .describe('How files are named: by the time of the start and a number, or by the time at which each was begun.'),
    'sink.pathManager.prefix': text().optional().describe('What names start with.'),
    'sink.pathManager.extension': text().optional().describe('What names end with, after a dot.'),
    'sink.inUseSuffix': text().optional().describe('Added to the name of a file until it is ended.'),
    'sink.timeZone': text().optional().describe('Time zone of the escapes; the machine’s own by default.'),
    'sink.useLocalTimeStamp': flag().default(false).describe('Use the time of now, not the timestamp header.'),
    'sink.maxOpenFiles': whole(1).default(500).describe('Most files open at a time; the least used is ended.'),
  })
  .check((context) => {
    const { 'sink.serializer': name, 'sink.serializer.*': own } = context.value
    const result = serializerNamed(name)?.settings.safeParse(own)
    for (const issue of result?.error?.issues ?? [])
      context.issues.push({
        code: 'custom',
        input: own,
        message: issue.message,
        path: ['sink.serializer.*', ...issue.path],
      })
  })

export const fileRollSink = defineSink({
  type: 'file_roll',
  aliases: ['org.apache.flume.sink.RollingFileSink'],
  summary: 'Writes events to files and begins a new file from time to time. Delivered means synced to the disk.',
  differences: [
    'No file is made while there is nothing to write; Flume makes an empty one each period.',
    'A delivery that failed is cut off again; Flume leaves its lines and writes them once more.',
    'After a crash, events of a durable channel that are in the files already are not written again.',
    'A file that exists is never opened or truncated.',
    'sink.directory may have the escapes of HDFS paths.',
  ],
  settings,
  create(value, context) {
    const pattern = resolve(context.baseDirectory, value['sink.directory'])
    const definition = serializerNamed(value['sink.serializer'])
    if (!definition) throw new SluiceError('SLUICE_INTERNAL', 'the serializer was checked before')
    const own = definition.settings.parse(value['sink.serializer.*'])
    const prefix = value['sink.pathManager.prefix'] ?? ''
    const extension = value['sink.pathManager.extension'] ? `.${value['sink.pathManager.extension']}` : ''
    const started = context.clock.now()
    const byRollTime = value['sink.pathManager'] === 'rolltime'
    return new FileRollSink(
      {
        directory: pattern,
        escapes: new PathEscapes(pattern, {
          timeZone: value['sink.timeZone'],
          useLocalTimeStamp: value['sink.useLocalTimeStamp'],
          now: () => context.clock.now(),
        }),
        batchSize: value['sink.batchSize'],
        rollInterval: value['sink.rollInterval'] * 1000,
        rollSize: value['sink.rollSize'],
        rollCount: value['sink.rollCount'],
        maxOpenFiles: value['sink.maxOpenFiles'],
        inUseSuffix: value['sink.inUseSuffix'] ?? '',
        name: (number) => `${prefix}${byRollTime ? rollTime(context.clock.now()) : started}-${number}${extension}`,
        serializer: () => definition.create(own, context),
      },
      context,
    )
  },
})

/** `yyyyMMddHHmmss` in local time. */
function rollTime(time: number): string {
  const date = new Date(time)
  const two = (value: number) => String(value).padStart(2, '0')
  return (
    `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}` +
    `${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
  )
}
