import { z } from 'zod'
import { choice, flag, named, text, whole, words } from '../../component/settings.ts'
import { errorText } from '../../errors.ts'
import { lineEndings, longLinePolicies } from './line-splitter.ts'
import { namePattern } from './name-pattern.ts'
import { startPattern } from './start-pattern.ts'
import { textForm } from './text-form.ts'

const taildirKeys = z.object({
  filegroups: words().describe('Names of the file groups, separated by blanks.'),
  'filegroups.*': named()
    .default({})
    .describe(
      'Per group: an absolute folder, then a regular expression (Java) that a whole file name must match: /var/log/app/.*\\.log',
    ),
  'headers.*': named().default({}).describe('headers.<group>.<header>: headers of every event of the group.'),
  positionFile: text()
    .optional()
    .describe(
      "Flume's position file (JSON). It is where reading goes on when the channel knows nothing of a file: coming from Flume, or with a channel that is not durable. Default: below the agent's data folder, for channels that are not durable only.",
    ),
  skipToEnd: flag()
    .default(false)
    .describe('Files that are there at the start and have no position begin at their end.'),
  idleTimeout: whole(1).default(120_000).describe('Milliseconds without new data after which a file is closed.'),
  writePosInterval: whole(1).default(3000).describe('Milliseconds between two writes of the position file.'),
  batchSize: whole(1).default(1000).describe('Most events of one transaction.'),
  maxBatchCount: whole()
    .default(16)
    .describe('Most batches in a row from one file while others wait; 0 for no limit but the amount of bytes.'),
  byteOffsetHeader: flag()
    .default(false)
    .describe(
      'Header byteoffset: where in the file the event begins. Costs speed: every event has headers of its own.',
    ),
  byteOffsetHeaderKey: text().default('byteoffset').describe('Name of that header.'),
  fileHeader: flag().default(false).describe('Header with the absolute path of the file.'),
  fileHeaderKey: text().default('file').describe('Name of that header.'),
  cachePatternMatching: flag()
    .default(true)
    .describe('List a folder again only when its modification time has changed.'),
  pollInterval: whole(10)
    .default(1000)
    .describe('Milliseconds between two looks. Notices of the system make a look come sooner; nothing relies on them.'),
  watch: flag()
    .default(true)
    .describe('Use the notices of the system. Turn it off for network mounts that give none, to poll only.'),
  maxOpenFiles: whole(1).default(1000).describe('Most files that are held open.'),
  maxLineLength: whole(16, 64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Most bytes of one event. A longer line is cut at a character.'),
  longLines: choice(longLinePolicies)
    .default('split')
    .describe(
      'The rest of a line that is too long becomes further events (split) or is left out and counted (truncate).',
    ),
  lineEnding: choice(lineEndings)
    .default('crlf')
    .describe('crlf: LF ends a line and a CR before it is taken away; lf: LF alone; any: LF, CRLF or CR alone.'),
  encoding: text()
    .default('auto')
    .describe(
      'Of the files: auto (UTF-8, or UTF-16 where a byte order mark says so) or a name such as UTF-16LE, ISO-8859-1. Anything but UTF-8 is turned into UTF-8.',
    ),
  partialLineTimeout: whole()
    .default(0)
    .describe(
      'Milliseconds without growth after which an unfinished last line becomes an event; what follows later becomes another. 0: never.',
    ),
  'multiline.startPattern': text()
    .optional()
    .describe(
      'A regular expression: a line in which it is found begins an event, all others belong to the one before.',
    ),
  'multiline.flushTimeout': whole(1)
    .default(5000)
    .describe('Milliseconds without growth after which the last event of several lines is complete.'),
  followLinks: flag().default(true).describe('Read files behind symbolic links.'),
  holdTime: whole()
    .default(3000)
    .describe(
      'Milliseconds for which a new file that so far begins exactly as another is held back: it may be a copy in the making (copytruncate).',
    ),
  forgetAfter: whole(1)
    .default(86_400)
    .describe('Seconds for which the position of a vanished file is kept, in case it returns renamed or compressed.'),
})

/** Patterns and the encoding are tried out, so that one that cannot be used is found at its line, before anything starts. */
export const taildirSettings = taildirKeys.superRefine((settings, context) => {
  const tried = (path: string[], attempt: () => unknown) => {
    try {
      attempt()
    } catch (error) {
      context.addIssue({ code: 'custom', path, message: `cannot be used: ${errorText(error)}` })
    }
  }
  for (const name of settings.filegroups) {
    const path = settings['filegroups.*'][name]?.trim()
    if (path) tried(['filegroups.*', name], () => namePattern(path.slice(path.lastIndexOf('/') + 1)))
    else {
      const message = 'is missing: give a folder and a pattern for file names, as in /var/log/app/.*\\.log'
      context.addIssue({ code: 'custom', path: ['filegroups.*', name], message })
    }
  }
  tried(['multiline.startPattern'], () => startPattern(settings['multiline.startPattern'] ?? ''))
  tried(['encoding'], () => textForm(settings.encoding))
})

export type TaildirSettings = z.output<typeof taildirSettings>
