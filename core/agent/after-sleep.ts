import type { AgentLife } from './agent-life.ts'
import type { PartGraph } from './part-graph.ts'
import { type SleepGap, sleepText } from './sleep-watch.ts'

type Affected = Pick<AgentLife, 'events' | 'forecasts' | 'sampler'>

/**
 * What the agent does when its machine has slept. Nothing is lost by a sleep: what was not acknowledged is durable. But
 * the gap was no outage, no rate and nothing to forecast from, and peers need not be waited for.
 */
export function afterSleep(gap: SleepGap, { events, forecasts, sampler }: Affected, graph: PartGraph): void {
  const text = sleepText(gap)
  events.marks.slept(gap.from, gap.to, text)
  events.note('agent', 'slept', text)
  sampler.rates.forget('')
  forecasts.restart()
  tryPeers(graph)
}

/** Tries at once what waits to be tried again, over connections of which it is sure. */
export function tryPeers(graph: PartGraph): void {
  for (const parts of [graph.sources, graph.channels, graph.sinks])
    for (const { supervisor } of parts.values()) supervisor.retryNow()
  for (const { sink } of graph.sinks.values()) sink.awake?.()
  for (const runner of graph.runners.values()) runner.retryNow()
}
