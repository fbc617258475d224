import type { CallResult } from '../../../core/control/contract.ts'
import type { AgentStatus } from '../../stores/status.ts'

export type ChannelMark = CallResult<'marks'>[number]

/** The marks that tell something about a channel: its own, those of its sources and sinks, and the agent's. */
export function marksOf(channel: string, marks: readonly ChannelMark[], status: AgentStatus): ChannelMark[] {
  const parts = new Set([
    'agent',
    `channel:${channel}`,
    ...status.sources.filter(({ channels }) => channels.includes(channel)).map(({ name }) => `source:${name}`),
    ...status.sinks.filter((one) => one.channel === channel).map(({ name }) => `sink:${name}`),
  ])
  return marks.filter(({ component }) => parts.has(component))
}
