import type { ShownParts } from './part-filter.ts'

/** From one part to the next, both as `kind:name`. */
export interface Edge {
  readonly from: string
  readonly to: string
  /** Events a second that cross it; undefined when they are counted only together with those of other edges. */
  readonly perSecond: number | undefined
  readonly held: boolean
}

/**
 * The edges of the picture. What a channel takes in is counted at the channel, so an edge into one that several sources
 * feed shows its source's rate only when that source feeds nothing else. `all` are all sources, of which only some may
 * be shown.
 */
export function flowEdges({ sources, channels, sinks }: ShownParts, all = sources): Edge[] {
  const into = sources.flatMap((source) =>
    source.channels.map((name): Edge => {
      const channel = channels.find((one) => one.name === name)
      const alone = all.filter((one) => one.channels.includes(name)).length === 1
      const perSecond = source.channels.length === 1 ? source.eventsPerSecond : alone ? channel?.inPerSecond : undefined
      return {
        ...{ from: `source:${source.name}`, to: `channel:${name}`, perSecond },
        held: source.state.startsWith('waiting: ') || source.state.startsWith('paused') || source.state === 'failed',
      }
    }),
  )
  const outOf = sinks.map((sink): Edge => ({
    ...{ from: `channel:${sink.channel}`, to: `sink:${sink.name}`, perSecond: sink.eventsPerSecond },
    held: sink.state.startsWith('waiting: ') || sink.state.startsWith('paused') || sink.state === 'failed',
  }))
  return [...into, ...outOf]
}
