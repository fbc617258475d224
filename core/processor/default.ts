import { z } from 'zod'
import { defineProcessor } from '../component/definition.ts'
import { SluiceError } from '../errors.ts'
import type { SinkProcessor } from './processor.ts'

/** One sink; waiting after a failure is the runner's. */
export class DefaultProcessor implements SinkProcessor {
  readonly #sinks: readonly string[]

  constructor(sink: string) {
    this.#sinks = [sink]
  }

  order(): readonly string[] {
    return this.#sinks
  }

  succeeded(): void {}

  failed(): void {}

  retryAt(): undefined {
    return undefined
  }
}

export const defaultProcessor = defineProcessor({
  type: 'default',
  aliases: ['org.apache.flume.sink.DefaultSinkProcessor'],
  summary: 'Serves exactly one sink.',
  settings: z.object({}),
  create: (_settings, context) => {
    const [sink, second] = context.sinks
    if (sink === undefined || second !== undefined)
      throw new SluiceError(
        'SLUICE_CONFIG',
        `the default processor serves exactly one sink, ${context.name} has ${context.sinks.length}: ` +
          'give processor.type = failover or load_balance',
      )
    return new DefaultProcessor(sink)
  },
})
