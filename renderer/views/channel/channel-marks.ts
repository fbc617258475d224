import type { CallResult } from '../../../core/control/contract.ts'
import type { AgentStatus } from '../../stores/status.ts'

export type ChannelMark = CallResult<'marks'>[number]

/** The parts whose marks tell something about a channel: its own, its sources and sinks, and the agent. */
export function partsAround(channel: string, status: AgentStatus): string[] {
  return [
    'agent',
    `channel:${channel}`,
    ...status.sources.filter(({ channels }) => channels.includes(channel)).map(({ name }) => `source:${name}`),
    ...status.sinks.filter((one) => one.channel === channel).map(({ name }) => `sink:${name}`),
  ]
}
