import { z } from 'zod'
import { defineSelector } from '../component/definition.ts'
import { words } from '../component/settings.ts'
import { SluiceError } from '../errors.ts'
import type { Batch } from '../event/batch.ts'
import type { ChannelSelector, Route } from './selector.ts'

/** Every event goes to every channel. */
export class ReplicatingSelector implements ChannelSelector {
  readonly required: readonly string[]
  readonly #all: readonly { channel: string; required: boolean }[]

  constructor(channels: readonly string[], optional: readonly string[]) {
    const unknown = optional.find((name) => !channels.includes(name))
    if (unknown !== undefined)
      throw new SluiceError(
        'SLUICE_CONFIG',
        `selector.optional names ${unknown}, which is no channel of the source: give ${channels.join(', ')}`,
      )
    this.#all = channels.map((channel) => ({ channel, required: !optional.includes(channel) }))
    this.required = channels.filter((name) => !optional.includes(name))
  }

  select(batch: Batch): Route[] {
    return this.#all.map(({ channel, required }) => ({ channel, required, batch }))
  }
}

export const replicatingSelector = defineSelector({
  type: 'replicating',
  aliases: ['org.apache.flume.channel.ReplicatingChannelSelector'],
  summary: 'Puts every event into every channel of the source.',
  differences: ['An unknown channel in `optional` is an error of the configuration, not a crash at run time.'],
  settings: z.object({
    optional: words().default([]).describe('Channels whose failure the source does not wait for.'),
  }),
  create: (settings, context) => new ReplicatingSelector(context.channels, settings.optional),
})
