import { z } from 'zod'
import type { Lease } from '../../channel/channel.ts'
import { defineSink } from '../../component/definition.ts'
import { whole } from '../../component/settings.ts'
import type { Log } from '../../log.ts'
import type { Sink } from '../sink.ts'
import { eventText } from './event-text.ts'

/** Writes each event to the log. */
class LoggerSink implements Sink {
  /** Flume logs one event a transaction; a batch at once reads the same. */
  readonly batchSize = 100
  readonly concurrency = 1
  readonly #log: Log
  readonly #maxBytes: number

  constructor(log: Log, maxBytes: number) {
    this.#log = log
    this.#maxBytes = maxBytes
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  deliver(lease: Lease): Promise<void> {
    for (const batch of lease.batches)
      for (const event of batch.events()) this.#log.info({}, eventText(event, this.#maxBytes))
    return Promise.resolve()
  }
}

export const loggerSink = defineSink({
  type: 'logger',
  aliases: ['org.apache.flume.sink.LoggerSink'],
  summary: 'Writes each event to the log at info level, as text and hex dump: to see that a flow works.',
  settings: z.object({
    maxBytesToLog: whole().default(16).describe('Most bytes of a body that are shown.'),
  }),
  create: (settings, context) => new LoggerSink(context.log, settings.maxBytesToLog),
})
