import { z } from 'zod'
import type { ChannelStats } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { AgentConfig } from '../config/model.ts'
import type { FlowSamples } from '../forecast/flow-rates.ts'
import { type ChannelNow, type Forecast, forecast, unknownForecast } from '../forecast/forecast.ts'
import type { Series } from '../forecast/rate-band.ts'
import type { History } from '../metrics/history.ts'
import { openStats } from './agent-status.ts'
import type { ChannelPart } from './channel-part.ts'
import { Regime } from './flow-regime.ts'
import type { PartGraph } from './part-graph.ts'
import type { SinkPart } from './sink-part.ts'
import type { SourcePart } from './source-part.ts'

/** Every channel is looked at once in so many ticks. */
const ticksOfRound = 3
/** Points of a series for one look: more than the blocks that rates are made of, few enough to cost nothing. */
const points = 360

/** What the file channel's schema makes of the key; other channels have none. */
const diskSettings = z.object({ minimumRequiredSpace: z.number().catch(0) }).catch({ minimumRequiredSpace: 0 })

interface Watched {
  readonly inflow: Regime
  readonly outflow: Regime
  forecast: Forecast
}

/** Keeps the two clocks of every channel: until full and until drained. */
export class Forecasts {
  readonly #graph: PartGraph
  readonly #history: History
  readonly #clock: Clock
  readonly #channels = new Map<string, Watched>()
  #turn = 0

  constructor(graph: PartGraph, history: History, clock: Clock) {
    this.#graph = graph
    this.#history = history
    this.#clock = clock
  }

  of(channel: string): Forecast {
    return this.#channels.get(channel)?.forecast ?? unknownForecast
  }

  /** Something came between (the machine slept): what was measured before and over it says nothing of now. */
  restart(): void {
    const now = this.#clock.now()
    for (const watched of this.#channels.values()) {
      watched.inflow.restart(now)
      watched.outflow.restart(now)
      watched.forecast = unknownForecast
    }
  }

  /** Once a second: takes note of what changed and makes some of the forecasts anew. */
  tick(config: AgentConfig): void {
    for (const name of this.#channels.keys()) if (!this.#graph.channels.has(name)) this.#channels.delete(name)
    this.#turn = (this.#turn + 1) % ticksOfRound
    let index = 0
    // The first look at a channel reads its history from the disk: one a tick, so that a start does not stand still.
    let first = true
    for (const [name, part] of this.#graph.channels) {
      const known = this.#channels.get(name)?.forecast
      const begins = known === undefined || known === unknownForecast
      const mine = begins ? first : index % ticksOfRound === this.#turn
      index++
      if (begins && openStats(part) !== undefined) first = false
      this.#look(name, part, config, mine)
    }
  }

  #look(name: string, part: ChannelPart, config: AgentConfig, mine: boolean): void {
    const now = this.#clock.now()
    const stats = openStats(part)
    const sources = this.#graph.sourcesOf(name)
    const sinks = [...this.#graph.sinks.values()].filter(({ channel }) => channel === part)
    const inKey = sources.map((source) => `${source.name} ${isSourceOff(source)}`).join()
    const outKey = `${part.rateLimit.rate ?? ''} ${sinks.map((sink) => `${sink.name} ${sinkOff(sink) !== ''}`).join()}`
    let watched = this.#channels.get(name)
    if (watched === undefined) {
      watched = { inflow: new Regime(inKey), outflow: new Regime(outKey), forecast: unknownForecast }
      this.#channels.set(name, watched)
    }
    watched.inflow.update(inKey, now)
    watched.outflow.update(outKey, now)
    if (stats === undefined) {
      watched.forecast = { ...unknownForecast, reason: 'the channel is not open' }
      return
    }
    if (!mine) return
    const channel: ChannelNow = {
      now,
      events: stats.events,
      bytes: stats.bytes,
      capacity: stats.capacity,
      byteCapacity: stats.byteCapacity,
      freeDisk: stats.freeDisk,
      leastFreeDisk: leastFreeDisk(config, name),
      full: fullOf(stats),
      rateLimit: part.rateLimit.rate,
      since: { in: watched.inflow.since, out: watched.outflow.since },
      inStopped: sources.every(isSourceOff) ? 'no source is running' : '',
      outStopped: allOff(sinks),
    }
    watched.forecast = forecast(channel, (span) => this.#samples(name, span, now))
  }

  #samples(channel: string, span: number, now: number): FlowSamples {
    const series = (name: string): Series => {
      const { points: seen, width } = this.#history.query(`channel:${channel}:${name}`, now - span, now, points, now)
      // What a bucket saw last it saw at its end; the newest has none yet.
      return { at: seen.map(({ t }) => Math.min(now, t + width)), values: seen.map(({ last }) => last) }
    }
    return { received: series('received'), events: series('events'), bytes: series('bytes'), free: series('free') }
  }
}

/** Bytes of the disk below which a channel takes nothing; 0 for one that keeps no such reserve. */
export function leastFreeDisk(config: AgentConfig, channel: string): number {
  return diskSettings.parse(config.channels.find(({ name }) => name === channel)?.settings).minimumRequiredSpace
}

function fullOf({ state, events, bytes, capacity, byteCapacity }: ChannelStats): ChannelNow['full'] {
  if (state === 'disk full') return 'disk'
  if (state !== 'full') return undefined
  return bytes / byteCapacity > events / capacity ? 'bytes' : 'events'
}

function isSourceOff({ gate, supervisor }: SourcePart): boolean {
  return gate.closed || supervisor.phase !== 'running'
}

/** Why a sink delivers nothing; empty: it may. */
function sinkOff({ gate, supervisor, trouble, name }: SinkPart): string {
  if (gate.closed) return `${name} is paused`
  if (supervisor.phase !== 'running') return `${name} is ${supervisor.phase}`
  return trouble === '' ? '' : `${name} waits for upstream`
}

function allOff(sinks: readonly SinkPart[]): string {
  if (sinks.length === 0) return 'no sink takes from it'
  const reasons = sinks.map(sinkOff)
  return reasons.includes('') ? '' : reasons.join(', ')
}
