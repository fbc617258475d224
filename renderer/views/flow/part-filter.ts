import type { AgentStatus } from '../../stores/status.ts'

/** The parts of a flow that the picture shows. */
export type ShownParts = Pick<AgentStatus, 'sources' | 'channels' | 'sinks'>

/**
 * The parts that fit, and those that they are joined to: a channel with what fills it and what empties it, a source or a
 * sink with its channels. `fits` is asked with `kind:name`.
 */
export function filterParts({ sources, channels, sinks }: ShownParts, fits: (part: string) => boolean): ShownParts {
  const shown = new Set(channels.map(({ name }) => name).filter((name) => fits(`channel:${name}`)))
  for (const source of sources) if (fits(`source:${source.name}`)) for (const name of source.channels) shown.add(name)
  for (const sink of sinks) if (fits(`sink:${sink.name}`)) shown.add(sink.channel)
  return {
    sources: sources.filter((one) => one.channels.some((name) => shown.has(name))),
    channels: channels.filter(({ name }) => shown.has(name)),
    sinks: sinks.filter(({ channel }) => shown.has(channel)),
  }
}

/** The first few of many names, and how many there are besides. */
export function fewNames(names: readonly string[], most = 4): string {
  return names.length <= most + 1
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}
