import { z } from 'zod'
import type { SourcePosition } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { AgentConfig, ComponentConfig } from '../config/model.ts'
import { SluiceError } from '../errors.ts'
import { openStats } from './agent-status.ts'
import type { ChannelPart } from './channel-part.ts'
import { type ConfigChange, runnersOf } from './config-change.ts'
import type { PartBuilder } from './part-builder.ts'
import { PartGraph, type PartName } from './part-graph.ts'
import { stopSource } from './stop-source.ts'

/** What the schema of every channel makes of the keys that can change while it runs; `keep-alive` in seconds. */
const limitSettings = z.object({
  capacity: z.number(),
  byteCapacity: z.number().optional(),
  'keep-alive': z.number(),
})

/** The parts that a change makes anew, made but not started. */
export function makeParts(
  config: AgentConfig,
  change: ConfigChange,
  present: PartGraph,
  builder: PartBuilder,
  wake: (sink?: string) => void,
): PartGraph {
  const made = new PartGraph()
  for (const one of config.channels)
    if (change.channels.make.has(one.name))
      made.channels.set(
        one.name,
        builder.channel(one, () => wake()),
      )
  const channels = new Map([...present.channels, ...made.channels])
  for (const one of config.sinks)
    if (change.sinks.make.has(one.name))
      made.sinks.set(
        one.name,
        builder.sink(one, channels, () => wake(one.name)),
      )
  const sinks = new Map([...present.sinks, ...made.sinks])
  for (const { name, sinks: names, group } of runnersOf(config)) {
    const parts = names.flatMap((sink) => sinks.get(sink) ?? [])
    if (change.runners.make.has(name)) made.runners.set(name, builder.runner(name, parts, group))
  }
  for (const one of config.sources)
    if (change.sources.make.has(one.name)) made.sources.set(one.name, builder.source(one, channels, config))
  return made
}

/** Events in memory end with their channel, so a change that would end it waits until it is empty. */
export function refuseLosing(change: ConfigChange, present: PartGraph): void {
  for (const name of change.channels.stop) {
    const part = present.channels.get(name)
    const events = part && !part.channel.durable ? (openStats(part)?.events ?? 0) : 0
    if (events > 0)
      throw new SluiceError(
        'SLUICE_CONFIG',
        `the change would end the channel ${name} with ${events} events in memory: drain it first`,
        { details: { channel: name, events } },
      )
  }
}

/** Stops what changed, starts what takes its place; what did not change is not touched. */
export async function replaceParts(
  change: ConfigChange,
  present: PartGraph,
  made: PartGraph,
  clock: Clock,
  beforeStart: (parts: readonly PartName[]) => void,
): Promise<void> {
  const positions = new Map<string, SourcePosition[]>()
  for (const name of change.sources.stop) {
    const part = present.sources.get(name)
    const open = part?.channelNames.every((one) => present.channels.get(one)?.supervisor.phase === 'running')
    if (part && open) positions.set(name, part.channels.positions(`${name}/`))
  }
  await stopParts(change, present, clock)
  for (const kind of ['channels', 'sources', 'sinks', 'runners'] as const)
    for (const name of change[kind].stop) present[kind].delete(name)
  addParts(present, made)
  beforeStart(namesOf(made))
  await startParts(made, positions)
}

/** Makes parts that are not started yet part of the flow. */
export function addParts(present: PartGraph, made: PartGraph): void {
  for (const [name, part] of made.channels) present.channels.set(name, part)
  for (const [name, part] of made.sinks) present.sinks.set(name, part)
  for (const [name, runner] of made.runners) present.runners.set(name, runner)
  for (const [name, part] of made.sources) present.sources.set(name, part)
}

/** What an operator may have paused. */
export function namesOf({ channels, sources, sinks }: PartGraph): PartName[] {
  return [
    ...[...channels.keys()].map((name): PartName => ({ kind: 'channel', name })),
    ...[...sources.keys()].map((name): PartName => ({ kind: 'source', name })),
    ...[...sinks.keys()].map((name): PartName => ({ kind: 'sink', name })),
  ]
}

/** Starts channels, then sinks, then sources; resolves when each has been tried once. */
export async function startParts(
  made: PartGraph,
  positions: ReadonlyMap<string, readonly SourcePosition[]> = new Map(),
): Promise<void> {
  await Promise.all([...made.channels.values()].map(({ supervisor }) => supervisor.start()))
  for (const runner of made.runners.values()) runner.start()
  await Promise.all([...made.sinks.values()].map(({ supervisor }) => supervisor.start()))
  for (const [name, part] of made.sources) part.channels.inherit(positions.get(name) ?? [])
  await Promise.all([...made.sources.values()].map(({ supervisor }) => supervisor.start()))
}

/** Stops sources, sinks, channels, in this order, within 4 s whatever hangs. */
export async function stopParts(
  change: Pick<ConfigChange, 'sources' | 'runners' | 'sinks' | 'channels'>,
  present: PartGraph,
  clock: Clock,
): Promise<void> {
  const { sources, runners, sinks, channels } = change
  await Promise.all(chosen(present.sources, sources.stop).map((part) => stopSource(part, clock)))
  await Promise.all(chosen(present.runners, runners.stop).map((runner) => runner.stop(700)))
  await Promise.all(chosen(present.sinks, sinks.stop).map(({ supervisor }) => supervisor.stop(400)))
  await Promise.all(chosen(present.channels, channels.stop).map(({ supervisor }) => supervisor.stop(1_200)))
}

export function setLimits(part: ChannelPart, config: ComponentConfig): void {
  const limits = limitSettings.parse(config.settings)
  part.channel.setLimits({
    capacity: limits.capacity,
    byteCapacity: limits.byteCapacity ?? Infinity,
    keepAlive: limits['keep-alive'] * 1000,
  })
}

function chosen<Part>(parts: ReadonlyMap<string, Part>, names: ReadonlySet<string>): Part[] {
  return [...parts].filter(([name]) => names.has(name)).map(([, part]) => part)
}
