import { randomBytes } from 'node:crypto'
import { defineSource } from '../../component/definition.ts'
import { spooldirSettings } from './settings.ts'
import { SpooldirSource } from './spooldir-source.ts'

export const spooldirSource = defineSource({
  type: 'spooldir',
  aliases: ['org.apache.flume.source.SpoolDirectorySource'],
  summary: 'Reads finished files that are put into a folder, each exactly once into a durable channel.',
  differences: [
    'Progress is stored with the events in the channel, not in trackerDir.',
    'A changed file, a used name or an undecodable byte is a note on that file, which is tried again; the others go on.',
    'A file that its deserializer cannot read on is left where it is; what came before the damage is in the channel.',
    'batchSize is 1000 by default, not 100.',
    'A missing folder is waited for.',
  ],
  settings: spooldirSettings,
  create: (settings, context) =>
    new SpooldirSource(settings, context, () => randomBytes(6).toString('hex'), Math.random),
})
