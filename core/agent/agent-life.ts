import type { AgentLock } from './agent-lock.ts'
import type { AgentDatabase } from './agent-database.ts'
import type { OperatorEvents } from './operator-events.ts'
import type { History } from '../metrics/history.ts'
import type { PartBuilder } from './part-builder.ts'
import type { FlowControl } from './flow-control.ts'
import type { FlowSampler } from './flow-sampler.ts'
import type { Forecasts } from './forecasts.ts'
import type { SourceDetails } from './source-details.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { Alarms } from './alarms.ts'
import type { SleepWatch } from './sleep-watch.ts'

/** What exists between start and stop. */
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
  ticking: Promise<void>
}
