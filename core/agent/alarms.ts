import type { Clock } from '../clock.ts'
import type { AgentConfig } from '../config/model.ts'
import type { Forecast } from '../forecast/forecast.ts'
import { openStats } from './agent-status.ts'
import { durationText } from './duration-text.ts'
import type { FlowMarks } from './flow-marks.ts'
import { type Forecasts, leastFreeDisk } from './forecasts.ts'
import { FullAlarm } from './full-alarm.ts'
import type { OperatorEvents } from './operator-events.ts'
import type { PartGraph } from './part-graph.ts'

/** An upstream that is away for less is no news. Milliseconds. */
const downAfter = 30_000
/** A disk is low below so many times what must stay free, and well again above so many times. */
const lowBelow = 2
const wellAbove = 2.5

export interface AlarmParts {
  readonly graph: PartGraph
  readonly forecasts: Forecasts
  readonly marks: FlowMarks
  readonly events: Pick<OperatorEvents, 'report' | 'note'>
  readonly clock: Clock
}

/** Tells the operator in time: a channel that will be full, an upstream that is down, a disk that runs low. */
export class Alarms {
  readonly #parts: AlarmParts
  readonly #full = new Map<string, FullAlarm>()
  readonly #down = new Map<string, number>()
  readonly #low = new Set<string>()

  constructor(parts: AlarmParts) {
    this.#parts = parts
  }

  /** Once a second. */
  look(config: AgentConfig): void {
    const { graph } = this.#parts
    for (const name of this.#full.keys()) if (!graph.channels.has(name)) this.#full.delete(name)
    for (const name of graph.channels.keys()) {
      this.#lookAtForecast(name)
      this.#lookAtDisk(name, config)
    }
    for (const name of graph.sinks.keys()) this.#lookAtUpstream(name)
  }

  #lookAtForecast(channel: string): void {
    const { forecasts, clock, events, graph } = this.#parts
    const part = graph.channels.get(channel)
    const stats = part && openStats(part)
    const { full } = forecasts.of(channel)
    if (stats === undefined) return
    let alarm = this.#full.get(channel)
    if (alarm === undefined) this.#full.set(channel, (alarm = new FullAlarm()))
    const code = alarm.update(full, clock.monotonic())
    if (code === 'over') events.note(`channel:${channel}`, 'recovered', 'it does not fill any more as fast as it did')
    else if (code !== undefined && full !== null) events.report(`channel:${channel}`, code, fullText(full))
  }

  #lookAtUpstream(sink: string): void {
    const { marks, clock, events, graph } = this.#parts
    const component = `sink:${sink}`
    const since = marks.since('outage', component)
    if (since === undefined) {
      this.#down.delete(component)
      return
    }
    if (this.#down.get(component) === since || clock.now() - since < downAfter) return
    this.#down.set(component, since)
    const part = graph.sinks.get(sink)
    const waiting = part && openStats(part.channel)?.events
    const backlog = waiting === undefined ? '' : `; ${waiting.toLocaleString('en-US')} events wait`
    const from = new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')
    events.report(component, 'upstream-down', `upstream down since ${from}: ${part?.trouble ?? ''}${backlog}`)
  }

  #lookAtDisk(channel: string, config: AgentConfig): void {
    const { graph, events } = this.#parts
    const part = graph.channels.get(channel)
    const free = part && openStats(part)?.freeDisk
    if (free === undefined) return
    const least = leastFreeDisk(config, channel)
    const component = `channel:${channel}`
    if (free < least * lowBelow && !this.#low.has(component)) {
      this.#low.add(component)
      const text = `the disk runs low: ${megabytes(free)} are free, and below ${megabytes(least)} nothing is let in`
      events.report(component, 'disk-low', text)
    } else if (free > least * wellAbove && this.#low.delete(component))
      events.note(component, 'recovered', `there is room on the disk again: ${megabytes(free)} are free`)
  }
}

function fullText({ seconds, low, high, limit }: NonNullable<Forecast['full']>): string {
  const limits = { events: 'its capacity', bytes: 'its byteCapacity', disk: 'the free disk' }
  const to = high === null ? 'perhaps never' : durationText(high)
  return `full in about ${durationText(seconds)} (${durationText(low)} to ${to}) at this rate: ${limits[limit]} ends it`
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000).toLocaleString('en-US')} MB`
