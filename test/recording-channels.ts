import { systemClock } from '../core/clock.ts'
import type { PutOptions, SourcePosition } from '../core/channel/channel.ts'
import { SluiceError } from '../core/errors.ts'
import type { Batch } from '../core/event/batch.ts'
import type { Headers } from '../core/event/event.ts'
import { silentLog } from '../core/log.ts'
import { SourceCounters } from '../core/metrics/counters.ts'
import type { ChannelProcessor, SourceContext } from '../core/source/source.ts'

export interface StoredEvent {
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** Of the stream that it came from. */
  readonly key: string
}

/**
 * A durable channel in memory that outlives the sources that feed it: events and positions in one step, as the file
 * channel stores them. It can be blocked, made slow, and cut off as a killed process is.
 */
export class RecordingChannels implements ChannelProcessor {
  readonly durable: boolean
  readonly events: StoredEvent[] = []
  readonly stored = new Map<string, SourcePosition>()
  blocked = false
  /** Events beyond this count in one put are refused. */
  mostEvents = Infinity
  /** Fails the next puts, as many as this. */
  failures = 0
  puts = 0
  #generation = 0
  #wake: (() => void)[] = []

  constructor(durable = true) {
    this.durable = durable
  }

  get bodies(): string[] {
    return this.events.map((event) => event.body)
  }

  unblock(): void {
    this.blocked = false
    for (const wake of this.#wake) wake()
    this.#wake = []
  }

  /** Cuts off whoever is connected, as if its process were killed: nothing that it has on its way arrives. */
  cutOff(): void {
    this.#generation++
    for (const wake of this.#wake) wake()
    this.#wake = []
  }

  /** This channel, for one process. */
  connect(): ChannelProcessor {
    const generation = this.#generation
    const put = (batch: Batch, options?: PutOptions) => this.#put(batch, options, generation)
    return {
      durable: this.durable,
      prepareHeaders: (headers) => headers,
      put,
      putPatiently: put,
      position: (key) => this.position(key),
      positions: (prefix) => this.positions(prefix),
      forgetPositions: (keys) => this.forgetPositions(keys),
    }
  }

  prepareHeaders(headers: Headers): Headers {
    return headers
  }

  put(batch: Batch, options?: PutOptions): Promise<void> {
    return this.#put(batch, options, this.#generation)
  }

  async #put(batch: Batch, options: PutOptions = {}, generation: number): Promise<void> {
    const { signal, lane, position } = options
    await new Promise((resolve) => setImmediate(resolve))
    while (this.blocked && !signal?.aborted && generation === this.#generation) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    if (signal?.aborted || generation !== this.#generation) throw new SluiceError('SLUICE_ABORTED', 'stopped')
    if (lane?.failed !== undefined)
      throw new SluiceError('SLUICE_CHANNEL_IO', 'an earlier put of the lane failed', { cause: lane.failed })
    if (this.failures > 0 || batch.count > this.mostEvents) {
      if (this.failures > 0) this.failures--
      const error =
        batch.count > this.mostEvents
          ? new SluiceError('SLUICE_BATCH_TOO_LARGE', `${batch.count} events in one put`)
          : new SluiceError('SLUICE_CHANNEL_IO', 'a failure for the test')
      if (lane) lane.failed = error
      throw error
    }
    this.puts++
    for (const event of batch.events())
      this.events.push({ headers: event.headers, body: event.body.toString(), key: position?.key ?? '' })
    if (position) this.stored.set(position.key, position)
    batch.recycle()
  }

  putPatiently(batch: Batch, options?: PutOptions): Promise<void> {
    return this.put(batch, options)
  }

  position(key: string): { position: SourcePosition; stops: readonly number[] } | undefined {
    const position = this.stored.get(key)
    return position && { position, stops: [] }
  }

  positions(prefix: string): SourcePosition[] {
    return this.durable ? [...this.stored.values()].filter((position) => position.key.startsWith(prefix)) : []
  }

  forgetPositions(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.stored.delete(key)
    return Promise.resolve()
  }
}

/** What a source gets of the agent, with everything it told. */
export function sourceContext(channels: ChannelProcessor, directory: string) {
  const reports: string[] = []
  const states: string[] = []
  const context: SourceContext = {
    name: 'r1',
    agent: 'a1',
    log: silentLog,
    clock: systemClock,
    dataDirectory: directory,
    baseDirectory: directory,
    channels,
    counters: new SourceCounters(),
    reportState: (note) => states.push(note),
    reportEvent: (code, message) => reports.push(`${code} ${message}`),
    reportFailure: (error) => reports.push(`failure ${String(error)}`),
  }
  return { context, reports, states }
}
