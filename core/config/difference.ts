import type { AgentConfig, ComponentConfig, RawSettings, SinkGroupConfig } from './model.ts'

/** What became of the components of one section, by name, each in one list. */
export interface SectionDifference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Other settings, another type, or other channels or sinks. */
  readonly changed: readonly string[]
  /** As they were, but a channel or sink that they use was replaced: they must let go of the old one. */
  readonly rewired: readonly string[]
  readonly unchanged: readonly string[]
}

export interface ConfigDifference {
  readonly sources: SectionDifference
  readonly channels: SectionDifference
  readonly sinks: SectionDifference
  readonly sinkGroups: SectionDifference
  /** True when nothing has to be done: comments, blanks or the order of lines changed. */
  readonly empty: boolean
}

interface Part {
  readonly name: string
  /** Everything that makes it what it is, as one text. */
  readonly identity: string
  /** The parts it uses, which were compared before it. */
  readonly uses: readonly string[]
}

/** Settings as a text that does not depend on the order of keys or on how many blanks are between words. */
function settingsText(raw: RawSettings): string {
  const keys = Object.keys(raw).filter((key) => key !== 'type')
  return JSON.stringify(keys.sort().map((key) => [key, raw[key]?.replace(/\s+/g, ' ')]))
}

const componentText = ({ type, raw }: ComponentConfig) => `${type} ${settingsText(raw)}`

function compare(before: readonly Part[], after: readonly Part[], replaced: ReadonlySet<string>): SectionDifference {
  const old = new Map(before.map((part) => [part.name, part]))
  const kept = new Set(after.map((part) => part.name))
  const lists = { added: [] as string[], changed: [] as string[], rewired: [] as string[], unchanged: [] as string[] }
  for (const { name, identity, uses } of after) {
    const earlier = old.get(name)
    if (earlier === undefined) lists.added.push(name)
    else if (earlier.identity !== identity) lists.changed.push(name)
    else if (uses.some((one) => replaced.has(one))) lists.rewired.push(name)
    else lists.unchanged.push(name)
  }
  return { ...lists, removed: before.map((part) => part.name).filter((name) => !kept.has(name)) }
}

const gone = ({ added, removed, changed }: SectionDifference) => new Set([...added, ...removed, ...changed])

const same = ({ added, removed, changed, rewired }: SectionDifference) =>
  added.length + removed.length + changed.length + rewired.length === 0

/** What must be done to come from `before` to `after`: the rest keeps running, and what is queued stays. */
export function configDifference(before: AgentConfig, after: AgentConfig): ConfigDifference {
  const channelParts = (config: AgentConfig) =>
    config.channels.map((one): Part => ({ name: one.name, identity: componentText(one), uses: [] }))
  const channels = compare(channelParts(before), channelParts(after), new Set())

  const sourceParts = (config: AgentConfig) =>
    config.sources.map((one): Part => ({ name: one.name, identity: componentText(one), uses: one.channels }))
  const sources = compare(sourceParts(before), sourceParts(after), gone(channels))

  const sinkParts = (config: AgentConfig) =>
    config.sinks.map((one): Part => ({ name: one.name, identity: componentText(one), uses: [one.channel] }))
  const sinks = compare(sinkParts(before), sinkParts(after), gone(channels))

  const groupText = ({ sinks: members, processor }: SinkGroupConfig) =>
    `${members.join(' ')} ${componentText(processor)}`
  const groupParts = (config: AgentConfig) =>
    config.sinkGroups.map((one): Part => ({ name: one.name, identity: groupText(one), uses: one.sinks }))
  const sinkGroups = compare(groupParts(before), groupParts(after), new Set([...gone(sinks), ...sinks.rewired]))
  return { sources, channels, sinks, sinkGroups, empty: [sources, channels, sinks, sinkGroups].every(same) }
}
