import type { Clock } from '../clock.ts'
import type { History } from '../metrics/history.ts'
import { openStats } from './agent-status.ts'
import type { PartGraph } from './part-graph.ts'

/** Rates are those of about this many samples. */
const window = 5

interface Samples {
  readonly at: number[]
  readonly values: number[]
}

/** Events and bytes a second from counters that only grow, over the last few samples. */
export class FlowRates {
  readonly #samples = new Map<string, Samples>()

  /** `at`: monotonic milliseconds. Returns the rate since the sample before. */
  add(name: string, at: number, value: number): number {
    let samples = this.#samples.get(name)
    if (samples === undefined) {
      samples = { at: [], values: [] }
      this.#samples.set(name, samples)
    }
    const lastAt = samples.at.at(-1)
    const lastValue = samples.values.at(-1)
    if (lastValue !== undefined && value < lastValue) {
      // A counter that starts anew: so do its samples.
      samples.at.length = 0
      samples.values.length = 0
    }
    samples.at.push(at)
    samples.values.push(value)
    if (samples.at.length > window + 1) {
      samples.at.shift()
      samples.values.shift()
    }
    if (lastAt === undefined || lastValue === undefined || at <= lastAt || value < lastValue) return 0
    return ((value - lastValue) * 1000) / (at - lastAt)
  }

  perSecond(name: string): number {
    const samples = this.#samples.get(name)
    const [firstAt, firstValue] = [samples?.at[0], samples?.values[0]]
    const [lastAt, lastValue] = [samples?.at.at(-1), samples?.values.at(-1)]
    if (firstAt === undefined || firstValue === undefined || lastAt === undefined || lastValue === undefined) return 0
    return lastAt > firstAt ? ((lastValue - firstValue) * 1000) / (lastAt - firstAt) : 0
  }

  forget(prefix: string): void {
    for (const name of this.#samples.keys()) if (name.startsWith(prefix)) this.#samples.delete(name)
  }
}

/** What is sampled of each kind of part; a series is named `channel:c1:events`. `age` of the oldest in milliseconds. */
export const channelSeries = ['events', 'bytes', 'age', 'in', 'out', 'free', 'received'] as const
export const edgeSeries = ['events', 'bytes'] as const

/** Feeds rates and history, once a second. */
export class FlowSampler {
  readonly rates = new FlowRates()
  readonly #graph: PartGraph
  readonly #history: History
  readonly #clock: Clock

  constructor(graph: PartGraph, history: History, clock: Clock) {
    this.#graph = graph
    this.#history = history
    this.#clock = clock
  }

  sample(): void {
    const now = this.#clock.now()
    const at = this.#clock.monotonic()
    const { rates } = this
    const history = this.#history
    for (const [name, part] of this.#graph.channels) {
      const stats = openStats(part)
      if (stats === undefined) continue
      const series = `channel:${name}:`
      history.add(`${series}events`, now, stats.events)
      history.add(`${series}bytes`, now, stats.bytes)
      history.add(`${series}age`, now, stats.oldestAt === undefined ? 0 : Math.max(0, now - stats.oldestAt))
      history.add(`${series}in`, now, rates.add(`${series}received`, at, stats.ledger.received))
      history.add(`${series}out`, now, rates.add(`${series}delivered`, at, stats.ledger.delivered))
      // A count and not a rate: of it the rate over any time can be known exactly.
      history.add(`${series}received`, now, stats.ledger.received)
      if (stats.freeDisk !== undefined) history.add(`${series}free`, now, stats.freeDisk)
    }
    for (const [name, { channels }] of this.#graph.sources)
      this.#edge(`source:${name}:`, now, at, channels.acceptedEvents, channels.acceptedBytes)
    for (const [name, part] of this.#graph.sinks)
      this.#edge(`sink:${name}:`, now, at, part.deliveredEvents, part.deliveredBytes)
  }

  #edge(series: string, now: number, at: number, events: number, bytes: number): void {
    this.#history.add(`${series}events`, now, this.rates.add(`${series}events`, at, events))
    this.#history.add(`${series}bytes`, now, this.rates.add(`${series}bytes`, at, bytes))
  }
}
