import { type Clock, systemClock } from '../clock.ts'
import type { ComponentRegistry } from '../component/registry.ts'
import type { AgentConfig } from '../config/model.ts'
import { SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ChannelPart } from './channel-part.ts'
import { PartBuilder } from './part-builder.ts'
import type { SinkPart } from './sink-part.ts'
import type { SinkRunner } from './sink-runner.ts'
import type { SourcePart } from './source-part.ts'

export interface AgentOptions {
  readonly config: AgentConfig
  readonly registry: ComponentRegistry
  /** The agent's own folder. One agent at a time. */
  readonly dataDirectory: string
  /** What relative paths in the configuration start from. */
  readonly baseDirectory: string
  readonly log: Log
  readonly clock?: Clock
  readonly random?: () => number
}

/** One running configuration: sources, channels and sinks, each supervised on its own. */
export class Agent {
  readonly #options: AgentOptions
  readonly #clock: Clock
  readonly #builder: PartBuilder
  readonly #channels = new Map<string, ChannelPart>()
  readonly #sources = new Map<string, SourcePart>()
  readonly #sinks = new Map<string, SinkPart>()
  readonly #runners = new Map<string, SinkRunner>()
  #config: AgentConfig
  #state: 'stopped' | 'running' = 'stopped'

  constructor(options: AgentOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#config = options.config
    this.#builder = new PartBuilder({
      agent: options.config.agent,
      registry: options.registry,
      dataDirectory: options.dataDirectory,
      baseDirectory: options.baseDirectory,
      log: options.log,
      clock: this.#clock,
      random: options.random ?? Math.random,
      report: (component, code, message) => options.log.warn({ component, code }, `${component}: ${message}`),
    })
  }

  get config(): AgentConfig {
    return this.#config
  }

  /**
   * Opens the channels, then starts sinks, then sources. Resolves when each has been tried once: what fails is shown
   * and tried again. Rejects, with nothing started, when a component cannot be made from its settings.
   */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') throw new SluiceError('SLUICE_INTERNAL', 'the agent was started before')
    this.#build(this.#config)
    this.#state = 'running'
    await Promise.all([...this.#channels.values()].map(({ supervisor }) => supervisor.start()))
    for (const runner of this.#runners.values()) runner.start()
    await Promise.all([...this.#sinks.values()].map(({ supervisor }) => supervisor.start()))
    await Promise.all([...this.#sources.values()].map(({ supervisor }) => supervisor.start()))
  }

  /** Stops sources, sinks, channels, in this order, within 5 s whatever hangs. What is queued stays queued. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    await Promise.all([...this.#sources.values()].map((part) => stopSource(part, this.#clock)))
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop(800)))
    await Promise.all([...this.#sinks.values()].map(({ supervisor }) => supervisor.stop(600)))
    await Promise.all([...this.#channels.values()].map(({ supervisor }) => supervisor.stop(1_400)))
    this.#sources.clear()
    this.#runners.clear()
    this.#sinks.clear()
    this.#channels.clear()
  }

  #build(config: AgentConfig): void {
    for (const one of config.channels)
      this.#channels.set(
        one.name,
        this.#builder.channel(one, () => {
          for (const runner of this.#runners.values()) runner.wake()
        }),
      )
    for (const one of config.sinks)
      this.#sinks.set(
        one.name,
        this.#builder.sink(one, this.#channels, () => this.#runnerOf(one.name)?.wake()),
      )
    for (const group of config.sinkGroups) {
      const sinks = group.sinks.flatMap((name) => this.#sinks.get(name) ?? [])
      this.#runners.set(group.name, this.#builder.runner(group.name, sinks, group))
    }
    for (const sink of this.#sinks.values())
      if (!config.sinkGroups.some((group) => group.sinks.includes(sink.name)))
        this.#runners.set(sink.name, this.#builder.runner(sink.name, [sink], undefined))
    for (const one of config.sources) this.#sources.set(one.name, this.#builder.source(one, this.#channels, config))
  }

  #runnerOf(sink: string): SinkRunner | undefined {
    const group = this.#config.sinkGroups.find(({ sinks }) => sinks.includes(sink))
    return this.#runners.get(group?.name ?? sink)
  }
}

/** Half a second for puts under way; then they are given up, so that a full channel does not hold the source. */
async function stopSource({ channels, supervisor }: SourcePart, clock: Clock): Promise<void> {
  const over = new AbortController()
  const giveUp = clock.sleep(500, over.signal).then(() => channels.close())
  await supervisor.stop(1_000)
  over.abort()
  await giveUp
}
