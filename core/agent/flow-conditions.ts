import { openStats } from './agent-status.ts'
import type { Condition } from './flow-marks.ts'
import type { PartGraph } from './part-graph.ts'

/** What keeps the flow from flowing now, part by part. What the operator commanded is none of it. */
export function flowConditions(graph: PartGraph): Condition[] {
  const found: Condition[] = []
  for (const [name, { supervisor }] of graph.sources)
    if (supervisor.phase === 'failed')
      found.push({ kind: 'failed', component: `source:${name}`, code: 'failed', text: supervisor.reason })
  for (const [name, part] of graph.channels) {
    const component = `channel:${name}`
    const stats = openStats(part)
    if (part.supervisor.phase === 'failed')
      found.push({ kind: 'failed', component, code: 'failed', text: part.supervisor.reason })
    else if (stats?.state === 'full')
      found.push({ kind: 'full', component, code: 'SLUICE_CHANNEL_FULL', text: stats.reason })
    else if (stats?.state === 'disk full')
      found.push({ kind: 'disk', component, code: 'SLUICE_DISK_FULL', text: stats.reason })
    else if (stats?.state === 'failed')
      found.push({ kind: 'failed', component, code: 'SLUICE_CHANNEL_IO', text: stats.reason })
  }
  for (const [name, { supervisor, trouble, gate }] of graph.sinks) {
    const component = `sink:${name}`
    if (supervisor.phase === 'failed')
      found.push({ kind: 'failed', component, code: 'failed', text: supervisor.reason })
    // A paused sink asks nobody, so nobody knows.
    else if (trouble !== '' && !gate.closed)
      found.push({ kind: 'outage', component, code: 'upstream-down', text: trouble })
  }
  return found
}
