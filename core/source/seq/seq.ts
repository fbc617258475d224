import { z } from 'zod'
import { defineSource } from '../../component/definition.ts'
import { whole } from '../../component/settings.ts'
import { SeqSource } from './seq-source.ts'

export const seqSource = defineSource({
  type: 'seq',
  aliases: ['org.apache.flume.source.SequenceGeneratorSource'],
  summary: 'Makes events whose bodies count 0, 1, 2, …: for trying out a flow.',
  differences: [
    'With durable channels it counts on where it stood, after a crash too; Flume starts at 0 again.',
    'A full channel makes it wait; Flume tries again at once and without end.',
  ],
  settings: z.object({
    batchSize: whole(1).default(1).describe('Events in one transaction.'),
    totalEvents: whole(0)
      .default(Number.MAX_SAFE_INTEGER)
      .describe('How many events to make; with durable channels, over all restarts.'),
  }),
  create: (settings, context) => new SeqSource(settings, context),
})
