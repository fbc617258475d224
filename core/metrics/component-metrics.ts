import type { ChannelStats } from '../channel/channel.ts'
import type { ChannelCounters, SinkCounters, SourceCounters } from './counters.ts'

/** The parts that metrics are told of; the agent's graph fits. */
export interface MetricsSource {
  readonly sources: readonly { name: string; type: string; counters: SourceCounters }[]
  readonly channels: readonly {
    name: string
    type: string
    counters: ChannelCounters
    /** Undefined while it is not open. */
    stats: ChannelStats | undefined
  }[]
  readonly sinks: readonly { name: string; type: string; counters: SinkCounters }[]
}

/** One value of one component. `kind` decides its Prometheus type. */
export interface Metric {
  readonly name: string
  readonly value: number
  readonly kind: 'counter' | 'gauge'
}

export interface ComponentMetrics {
  readonly kind: 'SOURCE' | 'CHANNEL' | 'SINK'
  readonly name: string
  readonly type: string
  readonly metrics: readonly Metric[]
}

/** Gauges among the counters' fields. */
const gauges = new Set(['startTime', 'stopTime', 'openConnectionCount'])

/** Every component's numbers under Flume's attribute names (flume.md §5.3), with ours behind them. */
export function componentMetrics(source: MetricsSource): ComponentMetrics[] {
  return [
    ...source.sources.map(({ name, type, counters }) => ({
      ...{ kind: 'SOURCE' as const, name, type },
      metrics: counterMetrics(counters),
    })),
    ...source.channels.map(({ name, type, counters, stats }) => ({
      ...{ kind: 'CHANNEL' as const, name, type },
      metrics: channelMetrics(type, counters, stats),
    })),
    ...source.sinks.map(({ name, type, counters }) => ({
      ...{ kind: 'SINK' as const, name, type },
      metrics: counterMetrics(counters),
    })),
  ]
}

function counterMetrics(counters: SourceCounters | SinkCounters | ChannelCounters): Metric[] {
  return Object.entries(counters).flatMap(([field, value]) =>
    typeof value === 'number' ? { name: attribute(field), value, kind: gauges.has(field) ? 'gauge' : 'counter' } : [],
  )
}

function channelMetrics(type: string, counters: ChannelCounters, stats: ChannelStats | undefined): Metric[] {
  const gauge = (name: string, value: number): Metric => ({ name, value, kind: 'gauge' })
  const counter = (name: string, value: number): Metric => ({ name, value, kind: 'counter' })
  const size = stats?.events ?? 0
  const capacity = stats?.capacity ?? 0
  const ofFile =
    type === 'file'
      ? [
          gauge('Open', stats === undefined ? 0 : 1),
          gauge('Closed', stats === undefined ? 1 : 0),
          gauge('Unhealthy', stats === undefined || stats.state === 'failed' ? 1 : 0),
          // There is no checkpoint to fail.
          counter('CheckpointWriteErrorCount', 0),
          counter('CheckpointBackupWriteErrorCount', 0),
        ]
      : []
  const ledger = stats?.ledger
  return [
    gauge('ChannelSize', size),
    gauge('ChannelCapacity', capacity),
    gauge('ChannelFillPercentage', capacity === 0 ? Number.MAX_VALUE : (size * 100) / capacity),
    ...counterMetrics(counters),
    ...ofFile,
    gauge('ChannelBytes', stats?.bytes ?? 0),
    ...(stats?.freeDisk === undefined ? [] : [gauge('FreeDiskBytes', stats.freeDisk)]),
    ...(stats?.oldestAt === undefined ? [] : [gauge('OldestEventTime', stats.oldestAt)]),
    ...(ledger
      ? [
          counter('EventReceivedCount', ledger.received),
          counter('EventDeliveredCount', ledger.delivered),
          counter('EventDroppedCount', sum(Object.values(ledger.dropped))),
          counter('EventQuarantinedCount', ledger.quarantined),
          counter('EventLostCount', ledger.lost),
          counter('EventRepeatedCount', ledger.repeated),
        ]
      : []),
  ]
}

/** `eventPutAttemptCount` → `EventPutAttemptCount`. */
function attribute(field: string): string {
  return field.charAt(0).toUpperCase() + field.slice(1)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
