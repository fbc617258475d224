import { randomBytes } from 'node:crypto'
import { defineSource } from '../../component/definition.ts'
import { taildirSettings } from './settings.ts'
import { TaildirSource } from './taildir-source.ts'

export const taildirSource = defineSource({
  type: 'taildir',
  aliases: ['org.apache.flume.source.taildir.TaildirSource'],
  summary: 'Follows files in folders, line by line, each exactly once into a durable channel.',
  differences: [
    'Positions are stored with the events in the channel; positionFile is only read and written beside them.',
    'A file is known by device, inode and content: a renamed, copied or compressed file is not read again.',
    'batchSize is 1000 by default, not 100; maxBatchCount is 16, so that a fast file does not hold up the others.',
    'An unfinished last line is an event only where partialLineTimeout says so.',
    'Lines have a greatest length (maxLineLength).',
    'A missing folder is waited for.',
  ],
  settings: taildirSettings,
  create: (settings, context) => new TaildirSource(settings, context, () => randomBytes(6).toString('hex')),
})
