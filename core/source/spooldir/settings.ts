import { z } from 'zod'
import type { DeserializerDefinition } from '../../component/definition.ts'
import { choice, flag, named, nested, text, whole } from '../../component/settings.ts'
import { avroDeserializer } from '../../deserializer/avro.ts'
import { blobDeserializer } from '../../deserializer/blob.ts'
import type { DeserializerContext, EventDeserializer } from '../../deserializer/deserializer.ts'
import { lineDeserializer } from '../../deserializer/line.ts'
import { errorText } from '../../errors.ts'
import { namePattern } from '../taildir/name-pattern.ts'
import { decodeErrorPolicies } from './strict-text.ts'

export const consumeOrders = ['oldest', 'youngest', 'random'] as const
export const deletePolicies = ['never', 'immediate'] as const
export const trackingPolicies = ['rename', 'tracker_dir'] as const

const deserializers: readonly DeserializerDefinition[] = [lineDeserializer, avroDeserializer, blobDeserializer]

function deserializerNamed(name: string): DeserializerDefinition | undefined {
  const wanted = name.toLowerCase()
  return deserializers.find(({ type, aliases }) => [type, ...aliases].some((one) => one.toLowerCase() === wanted))
}

/** A pattern that can be used; another is found at its line, before anything starts. */
const fileNames = () =>
  text().superRefine((pattern, context) => {
    try {
      namePattern(pattern)
    } catch (error) {
      context.addIssue({ code: 'custom', message: `cannot be used: ${errorText(error)}` })
    }
  })

export const spooldirSettings = z
  .object({
    spoolDir: text().describe('The folder into which finished files are put.'),
    fileSuffix: text().default('.COMPLETED').describe('Appended to the name of a file that is done.'),
    deletePolicy: choice(deletePolicies)
      .default('never')
      .describe('never, or immediate: delete a file when it is done.'),
    fileHeader: flag().default(false).describe('Header with the absolute path of the file.'),
    fileHeaderKey: text().default('file').describe('Name of that header.'),
    basenameHeader: flag().default(false).describe('Header with the name of the file.'),
    basenameHeaderKey: text().default('basename').describe('Name of that header.'),
    includePattern: fileNames()
      .default('^.*$')
      .describe('A regular expression (Java) that a whole file name must match.'),
    ignorePattern: fileNames()
      .default('^$')
      .describe('File names that match as a whole are left alone; folder names too when the search is recursive.'),
    trackerDir: text().default('.flumespool').describe('Folder of the marks of tracker_dir; relative to spoolDir.'),
    trackingPolicy: choice(trackingPolicies)
      .default('rename')
      .describe('How a file that is done is known: by its new name, or by a mark in trackerDir.'),
    consumeOrder: choice(consumeOrders).default('oldest').describe('Which of the waiting files comes next.'),
    pollDelay: whole(1).default(500).describe('Milliseconds between two looks at the folder.'),
    recursiveDirectorySearch: flag().default(false).describe('Look into subfolders, too.'),
    maxBackoff: whole(1)
      .default(4000)
      .describe('Kept for old configurations: waiting for the channel is its own affair.'),
    batchSize: whole(1).default(1000).describe('Most events of one transaction.'),
    inputCharset: text().default('UTF-8').describe('Encoding of the files; events are UTF-8.'),
    decodeErrorPolicy: choice(decodeErrorPolicies)
      .default('FAIL')
      .describe('A byte that is no character: FAIL leaves the file with a note, REPLACE puts U+FFFD, IGNORE drops it.'),
    deserializer: nested('deserializer')
      .refine((name) => deserializerNamed(name) !== undefined, {
        message: `give one of: ${deserializers.map(({ type }) => type).join(', ')}`,
      })
      .default('LINE')
      .describe('How a file becomes events: LINE, one a line; AVRO, one a datum; BLOB, one a file.'),
    'deserializer.*': named().default({}).describe('Settings of the deserializer.'),
    bufferMaxLines: whole().optional().describe('Obsolete in Flume, and ignored.'),
    bufferMaxLineLength: whole(1).optional().describe('Old name of deserializer.maxLineLength.'),
  })
  .transform((settings, context) => {
    const definition = deserializerNamed(settings.deserializer)
    if (definition === undefined) return z.NEVER
    const { bufferMaxLineLength } = settings
    const old =
      definition === lineDeserializer && bufferMaxLineLength !== undefined
        ? { maxLineLength: String(bufferMaxLineLength) }
        : {}
    const own = definition.settings.safeParse({ ...old, ...settings['deserializer.*'] })
    if (own.success)
      return {
        ...settings,
        makeDeserializer: (made: DeserializerContext): EventDeserializer => definition.create(own.data, made),
      }
    for (const issue of own.error.issues)
      context.addIssue({ code: 'custom', path: ['deserializer.*', ...issue.path], message: issue.message })
    return z.NEVER
  })

export type SpooldirSettings = z.output<typeof spooldirSettings>
