import type { AgentStatus } from '../../stores/status.ts'

/** Where a flow that does not flow is held up, and why: the part furthest downstream that others wait for. */
export interface Pressure {
  readonly kind: 'source' | 'channel' | 'sink'
  readonly name: string
  /** What it is, with the reason: `waiting: upstream (…)`. */
  readonly why: string
}

const holding = new Set(['failed', 'waiting: upstream', 'paused', 'paused: disk'])

/**
 * One entry for each sink, channel or source at which pressure starts. A full channel whose sinks are all held up is
 * not a start: its sinks are. A sink that is held up with nothing waiting before it presses nobody.
 */
export function findPressure({ sources, channels, sinks }: AgentStatus): Pressure[] {
  const found: Pressure[] = []
  for (const channel of channels) {
    const takers = sinks.filter((sink) => sink.channel === channel.name)
    const held = takers.filter(({ state }) => holding.has(state))
    if (channel.events > 0) for (const sink of held) found.push({ kind: 'sink', name: sink.name, why: sink.text })
    const full = channel.state === 'full' || channel.state === 'paused: disk' || channel.state === 'failed'
    if (full && held.length < takers.length) found.push({ kind: 'channel', name: channel.name, why: channel.text })
    else if (full && takers.length === 0)
      found.push({ kind: 'channel', name: channel.name, why: `${channel.text}, and no sink takes from it` })
    else if (channel.state === 'draining' || channel.state === 'drained')
      found.push({ kind: 'channel', name: channel.name, why: `${channel.text}: its sources are paused` })
  }
  for (const source of sources)
    if (source.state === 'failed') found.push({ kind: 'source', name: source.name, why: source.text })
  return found
}
