import { z } from 'zod'
import { defineSource } from '../../component/definition.ts'
import { flag, port, text, whole } from '../../component/settings.ts'
import { textDecoding } from './line-buffer.ts'
import { NetcatSource } from './netcat-source.ts'

export const netcatSource = defineSource({
  type: 'netcat',
  aliases: ['org.apache.flume.source.NetcatSource'],
  summary: 'Listens on a TCP port and makes an event of each line.',
  differences: [
    'A full channel makes it stop reading and wait; nothing is refused. Flume answers FAILED and forgets the line.',
    'The lines of one read are one transaction; each still gets its OK.',
    'Text without a newline at the end of a connection is an event; Flume discards it.',
  ],
  settings: z.object({
    bind: text().describe('Address to listen on.'),
    port: port().describe('TCP port; 0 takes a free one.'),
    'max-line-length': whole(1).default(512).describe('Most characters of a line, its newline counted.'),
    'ack-every-event': flag().default(true).describe('Answers OK to each line that is stored.'),
    encoding: text()
      .refine((name) => textDecoding(name) !== undefined, { message: 'give an encoding such as utf-8 or iso-8859-1' })
      .default('utf-8')
      .describe('Encoding of what comes in; events are UTF-8.'),
    maxConnections: whole(1)
      .default(1000)
      .describe('Most connections at a time; when all are taken, one that says nothing gives way to a new one.'),
    answerTimeout: whole(100)
      .default(30_000)
      .describe('Milliseconds in which a peer must read the answers that wait for it; it is not read meanwhile.'),
  }),
  create: (settings, context) =>
    new NetcatSource(
      {
        bind: settings.bind,
        port: settings.port,
        maxLineLength: settings['max-line-length'],
        ackEveryEvent: settings['ack-every-event'],
        encoding: settings.encoding,
        maxConnections: settings.maxConnections,
        answerTimeout: settings.answerTimeout,
      },
      context,
    ),
})
