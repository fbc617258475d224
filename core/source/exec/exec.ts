import { z } from 'zod'
import { defineSource } from '../../component/definition.ts'
import { flag, text, whole } from '../../component/settings.ts'
import { textDecoding } from '../netcat/line-buffer.ts'
import { ExecSource } from './exec-source.ts'

export const execSource = defineSource({
  type: 'exec',
  aliases: ['org.apache.flume.source.ExecSource'],
  summary: 'Runs a command and makes an event of each line that it prints.',
  differences: [
    'A full channel makes it stop reading the command; Flume loses the lines and ends the command.',
    'Stopping ends the command’s whole process group.',
    'Lines over maxLineLength go on as further events.',
    'What the command printed and the channel does not have yet is lost with the process: follow a file with taildir where you can.',
  ],
  settings: z.object({
    command: text().describe('Program and arguments, separated by blanks; no quoting. With shell, any shell text.'),
    shell: text().optional().describe('A shell and its option, as in /bin/sh -c; the command is its last argument.'),
    restart: flag().default(false).describe('Starts the command again when it ends.'),
    restartThrottle: whole().default(10_000).describe('Milliseconds before it is started again.'),
    logStdErr: flag().default(false).describe('Logs what it prints as errors.'),
    batchSize: whole(1).default(20).describe('Most lines put at once.'),
    batchTimeout: whole(1).default(3000).describe('Milliseconds after which fewer lines are put.'),
    charset: text()
      .refine((name) => textDecoding(name) !== undefined, { message: 'give an encoding such as utf-8 or iso-8859-1' })
      .default('UTF-8')
      .describe('Encoding of what it prints; events are UTF-8.'),
    maxLineLength: whole(1)
      .default(1 << 20)
      .describe('Most bytes of an event.'),
  }),
  create(settings, context) {
    const { shell, command, ...rest } = settings
    return new ExecSource(
      { ...rest, command: shell === undefined ? command.split(/\s+/) : [...shell.split(/\s+/), command] },
      context,
    )
  },
})
