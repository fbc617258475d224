import { z } from 'zod'
import { choice, flag, named, text, whole } from '../../component/settings.ts'
import { decodeErrorPolicies } from './strict-text.ts'

export const consumeOrders = ['oldest', 'youngest', 'random'] as const
export const deletePolicies = ['never', 'immediate'] as const
export const trackingPolicies = ['rename', 'tracker_dir'] as const

/** The keys below `deserializer.` that LINE knows. */
const lineSettings = z.object({
  maxLineLength: whole(1, 64 * 1024 * 1024).default(2048),
  outputCharset: choice(['UTF-8']).default('UTF-8'),
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
    includePattern: text().default('^.*$').describe('A regular expression (Java) that a whole file name must match.'),
    ignorePattern: text()
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
    deserializer: choice(['LINE', 'org.apache.flume.serialization.LineDeserializer$Builder'])
      .default('LINE')
      .describe('How a file becomes events: LINE, one a line.'),
    'deserializer.*': named()
      .default({})
      .describe('LINE: maxLineLength (2048 bytes), longer lines are split; outputCharset is UTF-8.'),
    bufferMaxLines: whole().optional().describe('Obsolete in Flume, and ignored.'),
    bufferMaxLineLength: whole(1).optional().describe('Old name of deserializer.maxLineLength.'),
  })
  .transform((settings, context) => {
    const line = lineSettings.safeParse(settings['deserializer.*'])
    if (line.success) {
      const { bufferMaxLineLength } = settings
      const own = 'maxLineLength' in settings['deserializer.*']
      return {
        ...settings,
        maxLineLength: own ? line.data.maxLineLength : (bufferMaxLineLength ?? line.data.maxLineLength),
      }
    }
    for (const issue of line.error.issues)
      context.addIssue({ code: 'custom', path: [`deserializer.${issue.path.join('.')}`], message: issue.message })
    return z.NEVER
  })

export type SpooldirSettings = z.output<typeof spooldirSettings>
