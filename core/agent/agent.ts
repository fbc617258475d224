import type { ChannelStore, Ledger } from '../channel/channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { ComponentRegistry } from '../component/registry.ts'
import type { AgentConfig } from '../config/model.ts'
import { errorText, SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { MetricsSource } from '../metrics/component-metrics.ts'
import type { HistoryAnswer } from '../metrics/history.ts'
import {
  type AgentDatabase,
  type EventKind,
  type EventQuery,
  openAgentDatabase,
  type OperatorEvent,
} from './agent-database.ts'
import { type AgentLife, agentLife } from './agent-life.ts'
import { AgentLock } from './agent-lock.ts'
import type { AgentOptions } from './agent-options.ts'
import { type AgentStatus, channelStatuses, openStats, sinkStatuses, sourceStatuses } from './agent-status.ts'
import { afterSleep, tryPeers } from './after-sleep.ts'
import { agentMetrics } from './agent-metrics.ts'
import { configChange, emptied, isEmptyChange } from './config-change.ts'
import { type ChangePreview, previewChange } from './config-preview.ts'
import { type MachineProblem, machineProblems } from './machine-check.ts'
import { flowConditions } from './flow-conditions.ts'
import type { FlowMark } from './flow-marks.ts'
import type { FlowControl } from './flow-control.ts'
import { goneParts } from './gone-parts.ts'
import { PartGraph } from './part-graph.ts'
import { addParts, makeParts, namesOf, refuseLosing, replaceParts, setLimits, startParts, stopParts } from './reload.ts'
import { type FileQuery, type FileStatus, fileStatus, pageOfFiles } from './source-files.ts'

const sampleEvery = 1_000
const flushEvery = 10_000
const forgetHistoryAfter = 14 * 24 * 3_600_000

/** One running configuration: sources, channels and sinks, each supervised on its own. */
export class Agent {
  /** Its parts, for metrics. */
  readonly graph = new PartGraph()
  readonly #options: AgentOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #listeners = new Set<() => void>()
  readonly #stopRequest = Promise.withResolvers<undefined>()
  #config: AgentConfig
  #running: AgentLife | undefined
  /** One start, stop or change of the configuration at a time. */
  #turn: Promise<unknown> = Promise.resolve()
  #startedAt = 0

  constructor(options: AgentOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log
    this.#config = options.config
  }

  get config(): AgentConfig {
    return this.#config
  }

  get dataDirectory(): string {
    return this.#options.dataDirectory
  }

  get baseDirectory(): string {
    return this.#options.baseDirectory
  }

  get registry(): ComponentRegistry {
    return this.#options.registry
  }

  /** Resolves when somebody asked for the agent's end through the control contract: whoever runs it stops it. */
  get stopRequested(): Promise<void> {
    return this.#stopRequest.promise
  }

  requestStop(): void {
    this.#stopRequest.resolve(undefined)
  }

  /**
   * Takes the data folder and makes the parts: from then on the agent can be asked, and nothing moves yet. Rejects, with
   * nothing taken, when another agent has the folder (`SLUICE_AGENT_RUNNING`) or a component cannot be made from its
   * settings.
   */
  open(): Promise<void> {
    return this.#inTurn(() => this.#open())
  }

  /**
   * Opens the channels, then starts sinks, then sources. Resolves when each has been tried once: what fails is shown
   * and tried again. Rejects as `open` does, which it does when nobody else has.
   */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  /** Stops sources, sinks, channels, in this order, within 5 s whatever hangs. What is queued stays queued. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  /**
   * Changes to another configuration: only the difference is stopped and started, the rest runs on with its state.
   * Rejects and leaves everything as it was when a part cannot be made or events in memory would be lost.
   */
  apply(config: AgentConfig): Promise<void> {
    return this.#inTurn(() => this.#apply(config))
  }

  /** The machine is awake and has slept since then (epoch milliseconds): every peer is tried at once. */
  awake(since: number): void {
    const running = this.#running
    if (running === undefined) return
    const gap = running.sleepWatch.awake(since)
    if (gap !== undefined) afterSleep(gap, running, this.graph)
    else tryPeers(this.graph)
    this.#changed()
  }

  /** What `apply` would do. `mask` takes secrets out of a value that is shown. */
  preview(config: AgentConfig, mask: (text: string) => string): ChangePreview {
    if (config.agent !== this.#config.agent) throw otherAgent(this.#config, config)
    const { dataDirectory, baseDirectory } = this.#options
    return previewChange(this.#config, config, { present: this.graph, dataDirectory, baseDirectory, mask })
  }

  /** What of this machine would stand in the way of `config`, at the parts that it changes. */
  machineProblems(config: AgentConfig): Promise<MachineProblem[]> {
    return machineProblems(this.#config, config, this.#options.baseDirectory)
  }

  pause(component?: string): void {
    this.#flow().pause(component)
    this.#changed()
  }

  resume(component?: string): void {
    this.#flow().resume(component)
    this.#changed()
  }

  /** `rate`: events a second at most while it drains. */
  drain(channel: string, rate?: number): void {
    this.#flow().drain(channel, rate)
    this.#changed()
  }

  cancelDrain(channel: string): void {
    this.#flow().cancelDrain(channel)
    this.#changed()
  }

  /** `rate`: events a second; undefined ends the limit. */
  setRate(channel: string, rate: number | undefined): void {
    this.#flow().setRate(channel, rate)
    this.#changed()
  }

  status(): AgentStatus {
    const { flowControl, sampler, events, forecasts, sourceDetails } = this.#life()
    const now = this.#clock.now()
    const rates = sampler.rates
    const view = { config: this.#config, graph: this.graph, flowControl, rates, forecasts, sourceDetails, now }
    return {
      agent: this.#config.agent,
      pid: process.pid,
      startedAt: this.#startedAt,
      now,
      sources: sourceStatuses(view),
      channels: channelStatuses(view),
      sinks: sinkStatuses(view),
      openEvents: events.open,
    }
  }

  /** One page of all files that a source watches, and how many there are of that kind. */
  sourceFiles(source: string, query: FileQuery): { matched: number; files: FileStatus[] } {
    const part = this.graph.sources.get(this.graph.find(`source:${source.replace(/^source:/, '')}`).name)
    return pageOfFiles((part?.source.inspect?.().files ?? []).map(fileStatus), query)
  }

  /** At most `pixels` buckets of a series (`channel:c1:events`) between two times. */
  history(series: string, from: number, to: number, pixels: number): HistoryAnswer {
    return this.#life().history.query(series, from, to, pixels, this.#clock.now())
  }

  historySeries(): string[] {
    return this.#life().history.names()
  }

  /** Where a channel's events lie, for those who look at them. Throws `SLUICE_CONTROL` when they lie in memory. */
  channelStore(channel: string): ChannelStore {
    const { store, name } = this.graph.findChannel(channel).channel
    if (store !== undefined) return store
    throw new SluiceError(
      'SLUICE_CONTROL',
      `channel ${name} keeps its events in memory, where they cannot be looked at: a file channel's can`,
    )
  }

  /** The books of a channel; undefined while it is not open. */
  ledger(channel: string): Ledger | undefined {
    return openStats(this.graph.findChannel(channel))?.ledger
  }

  /** The newest first, older than the event `before`. */
  events(query: EventQuery): OperatorEvent[] {
    return this.#life().events.list(query)
  }

  /** Which components have events of which codes. */
  eventKinds(): EventKind[] {
    return this.#life().events.kinds()
  }

  /** What to mark on a chart between two times, the oldest first. */
  marks(from: number, to: number, limit: number): FlowMark[] {
    return this.#life().events.marks.list(from, to, limit)
  }

  acknowledge(ids: readonly number[] | 'all'): number {
    const count = this.#life().events.acknowledge(ids)
    this.#changed()
    return count
  }

  /** Every component's counters, for the monitoring port. */
  metrics(): MetricsSource {
    return agentMetrics(this.graph, this.#config)
  }

  /** Calls `listener` after every command and once a second; until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #open(): void {
    if (this.#running) throw new SluiceError('SLUICE_INTERNAL', 'the agent runs already')
    const lock = new AgentLock(this.#options.dataDirectory)
    let database: AgentDatabase | undefined
    try {
      const troubles: string[] = []
      database = openAgentDatabase(this.#options.dataDirectory, this.#clock.now(), (text) => troubles.push(text))
      const life = agentLife(this.#options, {
        ...{ agent: this.#config.agent, graph: this.graph, lock, database, clock: this.#clock, log: this.#log },
      })
      for (const text of troubles) life.events.report('agent', 'SLUICE_FILE', text)
      const change = configChange(emptied(this.#config), this.#config)
      const made = makeParts(this.#config, change, this.graph, life.builder, (sink) => this.#wake(sink))
      addParts(this.graph, made)
      life.flowControl.restore(namesOf(made))
      this.#startedAt = this.#clock.now()
      this.#running = life
    } catch (error) {
      database?.close()
      lock.release()
      throw error
    }
  }

  async #start(): Promise<void> {
    if (this.#running === undefined) this.#open()
    const running = this.#life()
    if (running.ticking !== undefined) throw new SluiceError('SLUICE_INTERNAL', 'the agent runs already')
    await startParts(this.graph)
    running.ticking = this.#tick(running)
  }

  async #stop(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    running.ending.abort()
    await running.ticking
    await stopParts(configChange(this.#config, emptied(this.#config)), this.graph, this.#clock)
    running.events.marks.close()
    this.#flush(running)
    for (const parts of [this.graph.sources, this.graph.runners, this.graph.sinks, this.graph.channels]) parts.clear()
    this.#running = undefined
    running.database.close()
    running.lock.release()
    this.#changed()
  }

  async #apply(config: AgentConfig): Promise<void> {
    const { builder, flowControl, events } = this.#life()
    if (config.agent !== this.#config.agent) throw otherAgent(this.#config, config)
    const before = this.#config
    const change = configChange(before, config)
    if (isEmptyChange(change)) {
      this.#config = config
      return
    }
    refuseLosing(change, this.graph)
    const made = makeParts(config, change, this.graph, builder, (sink) => this.#wake(sink))
    for (const one of change.newLimits) {
      const part = this.graph.channels.get(one.name)
      if (part) setLimits(part, one)
    }
    this.#config = config
    await replaceParts(change, this.graph, made, this.#clock, (parts) => {
      for (const part of goneParts(before, config)) flowControl.forget(part)
      flowControl.restore(parts)
    })
    const names = (['sources', 'channels', 'sinks'] as const).flatMap((kind) => [
      ...new Set([...change[kind].stop, ...change[kind].make]),
    ])
    const touched = [...names, ...change.newLimits.map(({ name }) => name)].join(', ')
    events.note('agent', 'reload', `a new configuration was applied: ${touched || 'sink groups'} changed`)
    this.#log.info({ changed: touched }, 'a new configuration was applied')
    this.#changed()
  }

  /** Samples rates and history once a second, stores them every ten. */
  async #tick(running: AgentLife): Promise<void> {
    const { signal } = running.ending
    let flushAt = this.#clock.monotonic() + flushEvery
    while (!signal.aborted) {
      try {
        const gap = running.sleepWatch.look()
        if (gap !== undefined) afterSleep(gap, running, this.graph)
        running.sampler.sample()
        running.forecasts.tick(this.#config)
        running.channelWatch.look()
        running.events.marks.look(flowConditions(this.graph))
        running.alarms.look(this.#config)
        running.flowControl.check()
        if (this.#clock.monotonic() >= flushAt) {
          flushAt = this.#clock.monotonic() + flushEvery
          this.#flush(running)
        }
      } catch (error) {
        this.#log.error({ error }, `sampling failed: ${errorText(error)}`)
      }
      this.#changed()
      await this.#clock.sleep(sampleEvery, signal)
    }
  }

  #flush({ history, database, events }: AgentLife): void {
    const now = this.#clock.now()
    try {
      history.flush(now)
      database.forgetHistory(now - forgetHistoryAfter)
      events.marks.forget(now - forgetHistoryAfter)
    } catch (error) {
      this.#log.warn({ error }, `history cannot be kept: ${errorText(error)}`)
    }
  }

  #wake(sink?: string): void {
    if (sink !== undefined) this.graph.runnerOf(sink, this.#config)?.wake()
    else for (const runner of this.graph.runners.values()) runner.wake()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #life(): AgentLife {
    if (this.#running === undefined) throw new SluiceError('SLUICE_CONTROL', 'the agent is not running')
    return this.#running
  }

  #flow(): FlowControl {
    return this.#life().flowControl
  }

  #inTurn(work: () => Promise<void> | void): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function otherAgent(own: AgentConfig, other: AgentConfig): SluiceError {
  return new SluiceError('SLUICE_CONFIG', `the agent is ${own.agent}, the configuration ${other.agent}'s`)
}
