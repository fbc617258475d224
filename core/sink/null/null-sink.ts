import { z } from 'zod'
import type { Lease } from '../../channel/channel.ts'
import { defineSink } from '../../component/definition.ts'
import { whole } from '../../component/settings.ts'
import type { Log } from '../../log.ts'
import type { Sink } from '../sink.ts'

/** Takes everything and keeps nothing. */
class NullSink implements Sink {
  readonly batchSize: number
  readonly concurrency = 1
  readonly #log: Log
  readonly #logEvery: number
  #events = 0
  #logged = 0

  constructor(batchSize: number, logEvery: number, log: Log) {
    this.batchSize = batchSize
    this.#logEvery = logEvery
    this.#log = log
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  deliver(lease: Lease): Promise<void> {
    this.#events += lease.count
    if (this.#events - this.#logged >= this.#logEvery) {
      this.#logged = this.#events - (this.#events % this.#logEvery)
      this.#log.info({ events: this.#events }, `discarded ${this.#events} events`)
    }
    return Promise.resolve()
  }
}

export const nullSink = defineSink({
  type: 'null',
  aliases: ['org.apache.flume.sink.NullSink'],
  summary: 'Discards every event: for tests, and for a flow that is only watched.',
  settings: z.object({
    batchSize: whole(1).default(100).describe('Most events taken at once.'),
    logEveryNEvents: whole(1).default(10_000).describe('Logs the count each time this many more are discarded.'),
  }),
  create: (settings, context) => new NullSink(settings.batchSize, settings.logEveryNEvents, context.log),
})
