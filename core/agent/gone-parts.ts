import type { AgentConfig } from '../config/model.ts'
import type { PartName } from './part-graph.ts'

/** The parts of one configuration that another has no longer. */
export function goneParts(before: AgentConfig, after: AgentConfig): PartName[] {
  const gone = (kind: PartName['kind'], old: readonly { name: string }[], now: readonly { name: string }[]) =>
    old.filter(({ name }) => !now.some((one) => one.name === name)).map(({ name }): PartName => ({ kind, name }))
  return [
    ...gone('source', before.sources, after.sources),
    ...gone('channel', before.channels, after.channels),
    ...gone('sink', before.sinks, after.sinks),
  ]
}
