import { setImmediate } from 'node:timers/promises'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { noHeaders } from '../../event/event.ts'
import type { Source, SourceContext } from '../source.ts'

export interface SeqSettings {
  readonly batchSize: number
  readonly totalEvents: number
}

/** Counts. The next number is stored in the same write as the events before it, so none is lost or made twice. */
export class SeqSource implements Source {
  readonly #settings: SeqSettings
  readonly #context: SourceContext
  #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(settings: SeqSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  start(): Promise<void> {
    this.#stopping = new AbortController()
    const { signal } = this.#stopping
    this.#running = this.#count(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#context.reportFailure(error)
    })
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #count(signal: AbortSignal): Promise<void> {
    const { channels, counters, name } = this.#context
    const { batchSize, totalEvents } = this.#settings
    const key = `${name}/counter`
    const stored = channels.position(key)
    const stops = [...(stored?.stops ?? [])].sort((a, b) => a - b)
    let next = stored?.position.offset ?? 0
    while (next < totalEvents && !signal.aborted) {
      const stop = stops.find((one) => one > next) ?? Infinity
      const end = Math.min(next + batchSize, totalEvents, stop)
      const builder = new BatchBuilder()
      builder.shareHeaders(channels.prepareHeaders(noHeaders))
      for (let number = next; number < end; number++) builder.addBody(Buffer.from(String(number)))
      const batch = builder.finish()
      const size = batch.bytes.length
      counters.eventReceivedCount += end - next
      const position = { key, offset: end, state: '{}' }
      await channels.putPatiently(batch, { position, prepared: true, exclusive: true, signal })
      if (batchSize > 1) counters.appendBatchAcceptedCount++
      counters.eventAcceptedCount += end - next
      counters.bytesAccepted += size
      next = end
      // Puts into memory settle without leaving the microtask queue: let sockets and timers have their turn.
      await setImmediate()
    }
  }
}
