import type { AgentConfig, ComponentConfig } from '../config/model.ts'
import type { MetricsSource } from '../metrics/component-metrics.ts'
import { openStats } from './agent-status.ts'
import type { PartGraph } from './part-graph.ts'

/** Every component's counters, for the monitoring port. */
export function agentMetrics({ sources, channels, sinks }: PartGraph, config: AgentConfig): MetricsSource {
  const typeOf = (parts: readonly ComponentConfig[], name: string) =>
    parts.find((one) => one.name === name)?.type ?? 'unknown'
  return {
    sources: [...sources.values()].map(({ name, counters }) => ({
      ...{ name, counters },
      type: typeOf(config.sources, name),
    })),
    channels: [...channels.values()].map((part) => ({
      ...{ name: part.name, counters: part.counters, stats: openStats(part) },
      type: typeOf(config.channels, part.name),
    })),
    sinks: [...sinks.values()].map(({ name, counters }) => ({
      ...{ name, counters },
      type: typeOf(config.sinks, name),
    })),
  }
}
