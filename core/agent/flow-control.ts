import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { errorText, SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ChannelPart } from './channel-part.ts'
import type { Command } from './component-state.ts'
import { type PartGraph, partKey, type PartName } from './part-graph.ts'

const storedDrain = z.object({ startedAt: z.number(), events: z.number(), done: z.boolean() })
const storedCommand = z.object({
  command: z.enum(['running', 'paused']).optional(),
  drain: storedDrain.optional(),
  /** Events a second. */
  rate: z.number().positive().optional(),
  /** The rate was given with the drain and ends with it. */
  rateOfDrain: z.boolean().optional(),
})
type StoredCommand = z.infer<typeof storedCommand>

/** How far the drain of a channel has come. */
export interface DrainStatus {
  readonly startedAt: number
  /** Events that waited when it began. */
  readonly total: number
  readonly left: number
  /** True at zero: the channel rests until it is resumed. */
  readonly done: boolean
}

/** Where commands outlive the process. */
export interface CommandStore {
  commands(): Map<string, string>
  setCommand(component: string, value: string | undefined): void
}

export interface FlowControlOptions {
  readonly graph: PartGraph
  readonly store: CommandStore
  readonly clock: Clock
  readonly log: Log
  /** Hears of every act, for the history of events. */
  readonly note: (component: string, code: string, message: string) => void
}

const byOperator = 'by the operator'
const byDrain = (channel: string) => `drain of ${channel}`

/** What the operator commands: pause, resume, drain, rate. Commands are kept and outlive the process. */
export class FlowControl {
  readonly #options: FlowControlOptions
  readonly #commands = new Map<string, StoredCommand>()

  constructor(options: FlowControlOptions) {
    this.#options = options
    for (const [component, text] of options.store.commands()) {
      const command = readCommand(text)
      if (command) this.#commands.set(component, command)
      else options.log.warn({ component, text }, `the stored command of ${component} cannot be read and is left out`)
    }
  }

  /** Applies what was commanded to parts that were just made. */
  restore(parts: readonly PartName[]): void {
    const { graph } = this.#options
    for (const part of parts) {
      const stored = this.#commands.get(partKey(part))
      if (part.kind === 'source') {
        const source = graph.sources.get(part.name)
        if (stored?.command === 'paused') source?.gate.close(byOperator)
        for (const channel of source?.channelNames ?? [])
          if (this.#commands.get(`channel:${channel}`)?.drain) source?.gate.close(byDrain(channel))
      } else if (part.kind === 'sink') {
        if (stored?.command === 'paused') graph.sinks.get(part.name)?.gate.close(byOperator)
      } else if (stored?.rate !== undefined) graph.channels.get(part.name)?.rateLimit.set(stored.rate)
    }
  }

  /** Forgets the commands of a part that left the configuration. */
  forget(part: PartName): void {
    this.#commands.delete(partKey(part))
    this.#store(partKey(part), undefined)
  }

  command(part: PartName): Command {
    return this.#commands.get(partKey(part))?.command ?? 'running'
  }

  /** Pauses a source (its input waits where it is) or a sink (its backlog grows); undefined: all of them. */
  pause(component?: string): void {
    for (const part of this.#targets(component)) {
      if (part.kind === 'channel') {
        if (component === undefined) continue
        throw new SluiceError(
          'SLUICE_CONTROL',
          `${part.name} is a channel: pause its sources or its sinks, or drain it`,
        )
      }
      if (this.command(part) === 'paused') continue
      this.#change(part, { command: 'paused' })
      this.#gate(part)?.close(byOperator)
      // A sink that waits for events must not take one more.
      this.#options.graph.runners.forEach((runner) => runner.wake())
      this.#options.note(partKey(part), 'paused', 'paused by the operator')
    }
  }

  /** Ends a pause, or a channel's drain; undefined: all of them. */
  resume(component?: string): void {
    for (const part of this.#targets(component)) {
      if (part.kind === 'channel') {
        this.#endDrain(part)
        continue
      }
      if (this.command(part) === 'running') {
        const drained = this.#gate(part)?.reasons[0]
        if (component !== undefined && drained !== undefined)
          throw new SluiceError('SLUICE_CONTROL', `${part.name} is paused by the ${drained}: resume the channel`)
        continue
      }
      this.#change(part, { command: undefined })
      this.#gate(part)?.open(byOperator)
      this.#options.note(partKey(part), 'resumed', 'resumed by the operator')
      this.#options.graph.runners.forEach((runner) => runner.wake())
    }
  }

  /** Pauses the channel's sources until its sinks have emptied it, and on until it is resumed. */
  drain(channel: string, rate?: number): void {
    const part = this.#options.graph.findChannel(channel)
    const name: PartName = { kind: 'channel', name: part.name }
    const events = eventsOf(part)
    this.#change(name, {
      drain: { startedAt: this.#options.clock.now(), events, done: false },
      ...(rate === undefined ? {} : { rate, rateOfDrain: true }),
    })
    if (rate !== undefined) part.rateLimit.set(rate)
    for (const source of this.#options.graph.sourcesOf(part.name)) source.gate.close(byDrain(part.name))
    this.#options.note(partKey(name), 'drain', `drain of ${events} events begun`)
    this.check()
  }

  cancelDrain(channel: string): void {
    const part = this.#options.graph.findChannel(channel)
    const name: PartName = { kind: 'channel', name: part.name }
    if (!this.#commands.get(partKey(name))?.drain)
      throw new SluiceError('SLUICE_CONTROL', `the channel ${part.name} is not being drained`)
    this.#endDrain(name)
  }

  /** At most `rate` events a second leave the channel; undefined: no limit. */
  setRate(channel: string, rate: number | undefined): void {
    const part = this.#options.graph.findChannel(channel)
    const name: PartName = { kind: 'channel', name: part.name }
    this.#change(name, { rate, rateOfDrain: undefined })
    part.rateLimit.set(rate)
    this.#options.note(
      partKey(name),
      'rate',
      rate === undefined ? 'no rate limit any more' : `rate limit of ${rate} events a second`,
    )
  }

  drainOf(channel: string): DrainStatus | undefined {
    const drain = this.#commands.get(`channel:${channel}`)?.drain
    const part = this.#options.graph.channels.get(channel)
    if (drain === undefined || part === undefined) return undefined
    return { startedAt: drain.startedAt, total: drain.events, left: eventsOf(part), done: drain.done }
  }

  /** Looks whether a drain has come to its end. */
  check(): void {
    for (const part of this.#options.graph.channels.values()) {
      const name: PartName = { kind: 'channel', name: part.name }
      const drain = this.#commands.get(partKey(name))?.drain
      if (drain === undefined || drain.done || part.supervisor.phase !== 'running') continue
      // A put that was under way when the gates closed may still come in.
      const pending = this.#options.graph.sourcesOf(part.name).some((source) => source.channels.pending > 0)
      if (pending || eventsOf(part) > 0) continue
      this.#change(name, { drain: { ...drain, done: true } })
      this.#options.note(partKey(name), 'drained', 'drained: nothing waits any more')
    }
  }

  #endDrain(part: PartName): void {
    const stored = this.#commands.get(partKey(part))
    if (!stored?.drain) return
    const { graph } = this.#options
    if (stored.rateOfDrain) graph.channels.get(part.name)?.rateLimit.set(undefined)
    this.#change(part, { drain: undefined, ...(stored.rateOfDrain ? { rate: undefined, rateOfDrain: undefined } : {}) })
    for (const source of graph.sourcesOf(part.name)) source.gate.open(byDrain(part.name))
    this.#options.note(partKey(part), 'resumed', 'resumed: its sources run again')
  }

  #targets(component: string | undefined): PartName[] {
    const { graph } = this.#options
    if (component !== undefined) return [graph.find(component)]
    return [
      ...[...graph.sources.keys()].map((name): PartName => ({ kind: 'source', name })),
      ...[...graph.channels.keys()].map((name): PartName => ({ kind: 'channel', name })),
      ...[...graph.sinks.keys()].map((name): PartName => ({ kind: 'sink', name })),
    ]
  }

  #gate({ kind, name }: PartName) {
    const { graph } = this.#options
    return kind === 'source' ? graph.sources.get(name)?.gate : graph.sinks.get(name)?.gate
  }

  #change(part: PartName, change: { [Key in keyof StoredCommand]?: StoredCommand[Key] }): void {
    const key = partKey(part)
    const merged = Object.entries({ ...this.#commands.get(key), ...change }).filter(([, value]) => value !== undefined)
    if (merged.length === 0) {
      this.#commands.delete(key)
      this.#store(key, undefined)
      return
    }
    const command = Object.fromEntries(merged) as StoredCommand
    this.#commands.set(key, command)
    this.#store(key, JSON.stringify(command))
  }

  /** A command that cannot be kept (a full disk) still holds for this process. */
  #store(key: string, value: string | undefined): void {
    try {
      this.#options.store.setCommand(key, value)
    } catch (error) {
      this.#options.log.error({ error, component: key }, `the command cannot be kept: ${errorText(error)}`)
    }
  }
}

function readCommand(text: string): StoredCommand | undefined {
  try {
    return storedCommand.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function eventsOf(part: ChannelPart): number {
  return part.supervisor.phase === 'running' ? part.channel.stats().events : 0
}
