import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { History } from '../metrics/history.ts'
import type { AgentDatabase } from './agent-database.ts'
import type { AgentLock } from './agent-lock.ts'
import type { AgentOptions } from './agent-options.ts'
import { Alarms } from './alarms.ts'
import { ChannelWatch } from './channel-watch.ts'
import { FlowControl } from './flow-control.ts'
import { FlowSampler } from './flow-sampler.ts'
import { Forecasts } from './forecasts.ts'
import { OperatorEvents } from './operator-events.ts'
import { PartBuilder } from './part-builder.ts'
import type { PartGraph } from './part-graph.ts'
import { SleepWatch } from './sleep-watch.ts'
import { SourceDetails } from './source-details.ts'

/** What exists while an agent is open. */
export interface AgentLife {
  readonly lock: AgentLock
  readonly database: AgentDatabase
  readonly events: OperatorEvents
  readonly history: History
  readonly builder: PartBuilder
  readonly flowControl: FlowControl
  readonly sampler: FlowSampler
  readonly forecasts: Forecasts
  readonly sourceDetails: SourceDetails
  readonly channelWatch: ChannelWatch
  readonly alarms: Alarms
  readonly sleepWatch: SleepWatch
  readonly ending: AbortController
  /** Since its parts are started. */
  ticking: Promise<void> | undefined
}

export function agentLife(
  { registry, dataDirectory, baseDirectory, random }: AgentOptions,
  given: {
    readonly agent: string
    readonly graph: PartGraph
    readonly lock: AgentLock
    readonly database: AgentDatabase
    readonly clock: Clock
    readonly log: Log
  },
): AgentLife {
  const { agent, graph, lock, database, clock, log } = given
  const events = new OperatorEvents(database, clock, log)
  const note = (component: string, code: string, message: string) => events.note(component, code, message)
  const report = (component: string, code: string, message: string) => events.report(component, code, message)
  const history = new History(database)
  const forecasts = new Forecasts(graph, history, clock)
  const builder = new PartBuilder({
    ...{ agent, registry, dataDirectory, baseDirectory, log, clock, report, note },
    random: random ?? Math.random,
  })
  return {
    ...{ lock, database, events, history, builder, forecasts },
    flowControl: new FlowControl({ graph, store: database, clock, log, note }),
    sampler: new FlowSampler(graph, history, clock),
    alarms: new Alarms({ graph, forecasts, marks: events.marks, events, clock }),
    sourceDetails: new SourceDetails(clock),
    sleepWatch: new SleepWatch(clock),
    channelWatch: new ChannelWatch(graph, { note, report }),
    ending: new AbortController(),
    ticking: undefined,
  }
}
