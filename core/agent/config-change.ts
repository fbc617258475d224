import type { AgentConfig, ComponentConfig, SinkConfig, SinkGroupConfig, SourceConfig } from '../config/model.ts'

/** Names of parts that a new configuration takes away, makes anew or leaves alone. */
export interface PartChange {
  readonly stop: ReadonlySet<string>
  readonly make: ReadonlySet<string>
}

export interface ConfigChange {
  readonly channels: PartChange
  /** Channels of which only limits changed: they take them while they run. */
  readonly newLimits: readonly ComponentConfig[]
  readonly sources: PartChange
  readonly sinks: PartChange
  /** By the name of the group, or of a sink in no group. */
  readonly runners: PartChange
}

/** The configuration without a part: what there is before a start and after a stop. */
export function emptied(config: AgentConfig): AgentConfig {
  return { ...config, sources: [], channels: [], sinks: [], sinkGroups: [] }
}

/** Keys that every channel takes while it runs. */
const limitKeys = new Set(['capacity', 'byteCapacity', 'keep-alive'])

/**
 * What differs between two configurations, with what that brings along: a part that is connected to a channel that is
 * made anew is made anew too. Everything else is not touched.
 */
export function configChange(before: AgentConfig, after: AgentConfig): ConfigChange {
  const limitsOnly = after.channels.filter((channel) => {
    const old = before.channels.find(({ name }) => name === channel.name)
    return old !== undefined && identity(old) !== identity(channel) && onlyLimitsDiffer(old, channel)
  })
  const limited = new Set(limitsOnly.map(({ name }) => name))
  const channels = partChange(before.channels, after.channels, (one) =>
    limited.has(one.name) ? one.name : identity(one),
  )
  const touched = (names: readonly string[]) => names.some((name) => channels.make.has(name))
  const sources = partChange(before.sources, after.sources, sourceIdentity, (one) => touched(one.channels))
  const sinks = partChange(before.sinks, after.sinks, sinkIdentity, (one) => touched([one.channel]))
  const runners = partChange(runnersOf(before), runnersOf(after), groupIdentity, (one) =>
    one.sinks.some((name) => sinks.make.has(name)),
  )
  return { channels, newLimits: limitsOnly, sources, sinks, runners }
}

/** Whether there is anything to do. */
export function isEmptyChange(change: ConfigChange): boolean {
  return (
    change.newLimits.length === 0 &&
    [change.channels, change.sources, change.sinks, change.runners].every(
      ({ stop, make }) => stop.size === 0 && make.size === 0,
    )
  )
}

/** Every runner of a configuration: its groups, and a group of one for each other sink. */
export function runnersOf(config: AgentConfig): { name: string; sinks: readonly string[]; group?: SinkGroupConfig }[] {
  const grouped = new Set(config.sinkGroups.flatMap(({ sinks }) => sinks))
  return [
    ...config.sinkGroups.map((group) => ({ name: group.name, sinks: group.sinks, group })),
    ...config.sinks.filter(({ name }) => !grouped.has(name)).map(({ name }) => ({ name, sinks: [name] })),
  ]
}

function partChange<Part extends { readonly name: string }>(
  before: readonly Part[],
  after: readonly Part[],
  identityOf: (part: Part) => string,
  touched: (part: Part) => boolean = () => false,
): PartChange {
  const old = new Map(before.map((part) => [part.name, identityOf(part)]))
  const make = new Set(
    after.filter((part) => old.get(part.name) !== identityOf(part) || touched(part)).map(({ name }) => name),
  )
  const kept = new Set(after.map(({ name }) => name))
  const stop = new Set(before.map(({ name }) => name).filter((name) => !kept.has(name) || make.has(name)))
  return { stop, make }
}

function identity({ type, raw }: ComponentConfig): string {
  return JSON.stringify([type, Object.entries(raw).sort(([a], [b]) => (a < b ? -1 : 1))])
}

function sourceIdentity(source: SourceConfig): string {
  const nested = [...source.interceptors, source.selector].map((one) => [one.name, identity(one)])
  return JSON.stringify([identity(source), source.channels, nested])
}

function sinkIdentity(sink: SinkConfig): string {
  return JSON.stringify([identity(sink), sink.channel])
}

function groupIdentity(runner: { sinks: readonly string[]; group?: SinkGroupConfig }): string {
  return JSON.stringify([runner.sinks, runner.group ? identity(runner.group.processor) : ''])
}

function onlyLimitsDiffer(before: ComponentConfig, after: ComponentConfig): boolean {
  if (before.type !== after.type) return false
  const keys = new Set([...Object.keys(before.raw), ...Object.keys(after.raw)])
  return [...keys].every((key) => before.raw[key] === after.raw[key] || limitKeys.has(key))
}
