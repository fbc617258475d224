import type { ChannelStats, Ledger } from '../channel/channel.ts'
import type { AgentConfig } from '../config/model.ts'
import type { Forecast } from '../forecast/forecast.ts'
import type { ChannelPart } from './channel-part.ts'
import { type ActualState, type Command, type ComponentState, stateText } from './component-state.ts'
import type { Forecasts } from './forecasts.ts'
import type { FlowControl } from './flow-control.ts'
import type { FlowRates } from './flow-sampler.ts'
import type { PartGraph } from './part-graph.ts'
import type { SourceDetailStatus, SourceDetails } from './source-details.ts'
import type { SinkPart } from './sink-part.ts'
import type { SourcePart } from './source-part.ts'
import type { Supervisor } from './supervisor.ts'

/** All times are epoch milliseconds; null: does not apply. */
export interface PartStatus {
  readonly name: string
  readonly type: string
  readonly state: ComponentState
  readonly reason: string
  /** State and reason as the operator reads them. */
  readonly text: string
  /** When a failed part is tried again. */
  readonly retryAt: number | null
  readonly restarts: number
}

export interface SourceStatus extends PartStatus {
  readonly command: Command
  readonly channels: readonly string[]
  /** Events that its channels took since the agent started, and their bytes. */
  readonly events: number
  readonly bytes: number
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  /** Events that interceptors took out, that the selector sent nowhere, that optional channels did not take. */
  readonly intercepted: number
  readonly unrouted: number
  readonly optionalLosses: number
  readonly detail: SourceDetailStatus | null
}

export interface ChannelStatus extends PartStatus {
  readonly durable: boolean
  readonly events: number
  readonly bytes: number
  /** Null: unlimited. */
  readonly capacity: number | null
  readonly byteCapacity: number | null
  readonly oldestAt: number | null
  readonly freeDisk: number | null
  readonly inPerSecond: number
  readonly outPerSecond: number
  /** Events a second. */
  readonly rateLimit: number | null
  readonly drain: {
    readonly startedAt: number
    readonly total: number
    readonly left: number
    readonly done: boolean
    /** Null: nothing moves, so nobody knows. */
    readonly secondsLeft: number | null
  } | null
  readonly forecast: Forecast
  readonly ledger: Ledger | null
}

export interface SinkStatus extends PartStatus {
  readonly command: Command
  readonly channel: string
  readonly group: string | null
  readonly events: number
  readonly bytes: number
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  readonly quarantined: number
  /** Deliveries under way. */
  readonly delivering: number
}

export interface AgentStatus {
  readonly agent: string
  readonly pid: number
  readonly startedAt: number
  readonly now: number
  readonly sources: readonly SourceStatus[]
  readonly channels: readonly ChannelStatus[]
  readonly sinks: readonly SinkStatus[]
  /** Events that nobody has acknowledged. */
  readonly openEvents: number
}

export interface StatusView {
  readonly config: AgentConfig
  readonly graph: PartGraph
  readonly flowControl: FlowControl
  readonly rates: FlowRates
  readonly forecasts: Forecasts
  readonly sourceDetails: SourceDetails
  readonly now: number
}

export function sourceStatuses(view: StatusView): SourceStatus[] {
  return view.config.sources.flatMap(({ name, type }) => {
    const part = view.graph.sources.get(name)
    if (part === undefined) return []
    const { channels } = part
    return {
      ...partStatus(name, type, part.supervisor, sourceState(part, view.graph)),
      command: view.flowControl.command({ kind: 'source', name }),
      channels: part.channelNames,
      events: channels.acceptedEvents,
      bytes: channels.acceptedBytes,
      eventsPerSecond: view.rates.perSecond(`source:${name}:events`),
      bytesPerSecond: view.rates.perSecond(`source:${name}:bytes`),
      intercepted: channels.interceptedEvents,
      unrouted: channels.unroutedEvents,
      optionalLosses: channels.optionalLosses,
      detail: view.sourceDetails.of(part) ?? null,
    }
  })
}

export function channelStatuses(view: StatusView): ChannelStatus[] {
  return view.config.channels.flatMap(({ name, type }) => {
    const part = view.graph.channels.get(name)
    if (part === undefined) return []
    const stats = openStats(part)
    const drain = view.flowControl.drainOf(name)
    const outPerSecond = view.rates.perSecond(`channel:${name}:delivered`)
    return {
      ...partStatus(name, type, part.supervisor, channelState(part, stats, drain?.done)),
      durable: part.channel.durable,
      events: stats?.events ?? 0,
      bytes: stats?.bytes ?? 0,
      capacity: finite(stats?.capacity),
      byteCapacity: finite(stats?.byteCapacity),
      oldestAt: stats?.oldestAt ?? null,
      freeDisk: stats?.freeDisk ?? null,
      inPerSecond: view.rates.perSecond(`channel:${name}:received`),
      outPerSecond,
      rateLimit: part.rateLimit.rate ?? null,
      drain: drain ? { ...drain, secondsLeft: secondsLeft(drain.left, outPerSecond) } : null,
      forecast: view.forecasts.of(name),
      ledger: stats?.ledger ?? null,
    }
  })
}

export function sinkStatuses(view: StatusView): SinkStatus[] {
  return view.config.sinks.flatMap(({ name, type, channel }) => {
    const part = view.graph.sinks.get(name)
    if (part === undefined) return []
    const status = partStatus(name, type, part.supervisor, sinkState(part))
    return {
      ...status,
      retryAt: status.retryAt ?? part.retryAt ?? null,
      command: view.flowControl.command({ kind: 'sink', name }),
      channel,
      group: view.config.sinkGroups.find(({ sinks }) => sinks.includes(name))?.name ?? null,
      events: part.deliveredEvents,
      bytes: part.deliveredBytes,
      eventsPerSecond: view.rates.perSecond(`sink:${name}:events`),
      bytesPerSecond: view.rates.perSecond(`sink:${name}:bytes`),
      quarantined: part.quarantinedEvents,
      delivering: part.delivering,
    }
  })
}

/** Undefined while the channel is not open. */
export function openStats(part: ChannelPart): ChannelStats | undefined {
  return part.supervisor.phase === 'running' ? part.channel.stats() : undefined
}

function partStatus(name: string, type: string, supervisor: Supervisor, actual: ActualState): PartStatus {
  return {
    name,
    type,
    ...actual,
    text: stateText(actual),
    retryAt: supervisor.retryAt ?? null,
    restarts: supervisor.restarts,
  }
}

/** What the supervisor says as long as the component does not run. */
function supervised({ phase, reason }: Supervisor): ActualState | undefined {
  return phase === 'running' ? undefined : { state: phase, reason }
}

function sourceState(part: SourcePart, graph: PartGraph): ActualState {
  const notRunning = supervised(part.supervisor)
  if (notRunning) return notRunning
  if (part.gate.closed) return { state: 'paused', reason: part.gate.reasons.join(', ') }
  const { pending, refusal } = part.channels
  for (const name of part.channelNames) {
    const channel = graph.channels.get(name)
    const stats = channel && openStats(channel)
    if (stats?.state === 'disk full') return { state: 'paused: disk', reason: stats.reason }
    const full = stats?.state === 'full' && (pending > 0 || refusal?.code === 'SLUICE_CHANNEL_FULL')
    if (full) return { state: 'waiting: channel full', reason: name }
  }
  if (refusal && pending > 0) return { state: 'waiting', reason: refusal.message }
  return noted(part.note)
}

function sinkState(part: SinkPart): ActualState {
  const notRunning = supervised(part.supervisor)
  if (notRunning) return notRunning
  if (part.gate.closed) return { state: 'paused', reason: part.gate.reasons.join(', ') }
  if (part.trouble !== '') return { state: 'waiting: upstream', reason: part.trouble }
  return noted(part.note)
}

function noted(note: string): ActualState {
  if (note === '') return { state: 'running', reason: '' }
  return { state: 'waiting', reason: note.replace(/^waiting: /, '') }
}

function channelState(part: ChannelPart, stats: ChannelStats | undefined, drained: boolean | undefined): ActualState {
  const notRunning = supervised(part.supervisor)
  if (notRunning) return notRunning
  if (stats?.state === 'disk full') return { state: 'paused: disk', reason: stats.reason }
  if (stats?.state === 'failed') return { state: 'failed', reason: stats.reason }
  if (drained !== undefined) return { state: drained ? 'drained' : 'draining', reason: '' }
  if (stats?.state === 'full') return { state: 'full', reason: stats.reason }
  return { state: 'running', reason: '' }
}

function secondsLeft(events: number, perSecond: number): number | null {
  if (events === 0) return 0
  return perSecond > 0 ? Math.ceil(events / perSecond) : null
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
