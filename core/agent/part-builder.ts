import type { Clock } from '../clock.ts'
import type { ComponentContext, ComponentKind } from '../component/definition.ts'
import type { ComponentRegistry } from '../component/registry.ts'
import type { AgentConfig, ComponentConfig, SinkConfig, SinkGroupConfig, SourceConfig } from '../config/model.ts'
import { errorText, isSluiceError, SluiceError } from '../errors.ts'
import { InterceptorChain } from '../interceptor/chain.ts'
import type { Log } from '../log.ts'
import { SinkCounters, SourceCounters } from '../metrics/counters.ts'
import { DefaultProcessor } from '../processor/default.ts'
import { ChannelPart } from './channel-part.ts'
import { PauseGate } from './pause-gate.ts'
import type { SinkPart } from './sink-part.ts'
import { SinkRunner } from './sink-runner.ts'
import { SourceChannels } from './source-channels.ts'
import type { SourcePart } from './source-part.ts'
import { Supervisor } from './supervisor.ts'

/** Flume's default `keep-alive`, for channels that have none. */
const usualKeepAlive = 3_000

export interface PartBuilderOptions {
  readonly agent: string
  readonly registry: ComponentRegistry
  readonly dataDirectory: string
  readonly baseDirectory: string
  readonly log: Log
  readonly clock: Clock
  readonly random: () => number
  /** Something the operator should know of. */
  readonly report: (component: string, code: string, message: string) => void
  /** Something to read later that asks for nothing. */
  readonly note: (component: string, code: string, message: string) => void
}

/** Makes the parts of an agent from their configuration. Nothing is started, opened or bound by it. */
export class PartBuilder {
  readonly #options: PartBuilderOptions

  constructor(options: PartBuilderOptions) {
    this.#options = options
  }

  channel(config: ComponentConfig, onOpen: () => void): ChannelPart {
    const { clock } = this.#options
    const definition = this.#find('channel', config)
    const channel = this.#made('channel', config, () =>
      definition.create(config.settings, this.#context('channel', config.name)),
    )
    return new ChannelPart(channel, clock, {
      log: this.#options.log.child({ component: `channel.${config.name}` }),
      onRunning: onOpen,
      onFailure: (error) => this.#options.report(`channel:${config.name}`, codeOf(error), errorText(error)),
      random: this.#options.random,
    })
  }

  source(config: SourceConfig, channels: ReadonlyMap<string, ChannelPart>, agentConfig: AgentConfig): SourcePart {
    const { clock, random } = this.#options
    const context = this.#context('source', config.name)
    const gate = new PauseGate()
    const counters = new SourceCounters()
    const chain = new InterceptorChain(
      config.interceptors.map((one) => {
        const definition = this.#find('interceptor', one)
        return this.#made('interceptor', one, () =>
          definition.create(one.settings, this.#context('interceptor', one.name)),
        )
      }),
    )
    const selectorDefinition = this.#find('selector', config.selector)
    const selector = this.#made('selector', config.selector, () =>
      selectorDefinition.create(config.selector.settings, { ...context, channels: config.channels }),
    )
    const sourceChannels = new SourceChannels({
      source: config.name,
      chain,
      selector,
      channels: config.channels.map((name) => existing(channels, name)),
      gate,
      clock,
      log: context.log,
      keepAlive: keepAlive(agentConfig, config.channels),
    })
    const definition = this.#find('source', config)
    // The context refers to the part that the source becomes; a source says nothing before it exists.
    const said: { part?: SourcePart } = {}
    const source = this.#made('source', config, () =>
      definition.create(config.settings, {
        ...context,
        channels: sourceChannels,
        counters,
        reportState: (note) => {
          if (said.part) said.part.note = note
        },
        reportEvent: (code, message) => this.#options.report(`source:${config.name}`, code, message),
        reportFailure: (error) => said.part?.supervisor.fail(error),
      }),
    )
    const supervisor = new Supervisor(
      {
        name: config.name,
        start: async () => {
          if (said.part) said.part.note = ''
          checkOpen(config.channels, channels)
          await sourceChannels.join()
          await source.start()
          counters.startTime = clock.now()
        },
        stop: async () => {
          await source.stop()
          counters.stopTime = clock.now()
        },
      },
      {
        clock,
        log: context.log,
        random,
        onFailure: (error) => this.#options.report(`source:${config.name}`, codeOf(error), errorText(error)),
      },
    )
    said.part = {
      name: config.name,
      source,
      counters,
      channels: sourceChannels,
      channelNames: config.channels,
      gate,
      supervisor,
      note: '',
    }
    return said.part
  }

  sink(config: SinkConfig, channels: ReadonlyMap<string, ChannelPart>, wake: () => void): SinkPart {
    const { clock, random } = this.#options
    const context = this.#context('sink', config.name)
    const counters = new SinkCounters()
    const definition = this.#find('sink', config)
    const said: { part?: SinkPart } = {}
    const sink = this.#made('sink', config, () =>
      definition.create(config.settings, {
        ...context,
        counters,
        reportState: (note) => {
          if (said.part) said.part.note = note
        },
        reportEvent: (code, message) => this.#options.report(`sink:${config.name}`, code, message),
        reportFailure: (error) => said.part?.supervisor.fail(error),
      }),
    )
    const supervisor = new Supervisor(
      {
        name: config.name,
        start: async () => {
          if (said.part) said.part.note = ''
          await sink.start()
          counters.startTime = clock.now()
        },
        stop: async () => {
          await sink.stop()
          counters.stopTime = clock.now()
        },
      },
      {
        clock,
        log: context.log,
        random,
        onRunning: wake,
        onFailure: (error) => this.#options.report(`sink:${config.name}`, codeOf(error), errorText(error)),
      },
    )
    said.part = {
      name: config.name,
      sink,
      counters,
      channel: existing(channels, config.channel),
      gate: new PauseGate(),
      supervisor,
      note: '',
      trouble: '',
      retryAt: undefined,
      deliveredEvents: 0,
      deliveredBytes: 0,
      quarantinedEvents: 0,
      delivering: 0,
    }
    return said.part
  }

  /** The runner of a sink group, or of one sink that is in no group. */
  runner(name: string, sinks: readonly SinkPart[], group: SinkGroupConfig | undefined): SinkRunner {
    const { clock, random, log } = this.#options
    const names = sinks.map((sink) => sink.name)
    const make = () => {
      if (group === undefined) return new DefaultProcessor(names[0] ?? name)
      const definition = this.#find('processor', group.processor)
      return this.#made('processor', group.processor, () =>
        definition.create(group.processor.settings, { ...this.#context('sinkgroup', group.name), sinks: names }),
      )
    }
    return new SinkRunner({
      name,
      sinks,
      processor: make(),
      clock,
      log: log.child({ component: group === undefined ? `sink.${name}` : `sinkgroup.${name}` }),
      random,
      onTrouble: (sink, error) =>
        this.#options.report(`sink:${sink}`, codeOf(error), `cannot deliver: ${errorText(error)}`),
      onRecovery: (sink) => this.#options.note(`sink:${sink}`, 'recovered', 'delivers again'),
      onQuarantine: (sink, events, reason) =>
        this.#options.report(
          `sink:${sink}`,
          'SLUICE_REFUSED',
          `${events} event${events === 1 ? '' : 's'} went into quarantine: ${reason}`,
        ),
    })
  }

  #find<Kind extends ComponentKind>(kind: Kind, config: ComponentConfig) {
    const definition = this.#options.registry.find(kind, config.type)
    if (definition === undefined)
      throw new SluiceError('SLUICE_COMPONENT_LOAD', `${config.name}: there is no ${kind} of type ${config.type}`)
    return definition
  }

  #made<T>(kind: ComponentKind, config: ComponentConfig, make: () => T): T {
    try {
      return make()
    } catch (error) {
      if (isSluiceError(error)) throw error
      throw new SluiceError('SLUICE_CONFIG', `the ${kind} ${config.name} cannot be made: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  #context(kind: ComponentKind | 'sinkgroup', name: string): ComponentContext {
    const { agent, log, clock, dataDirectory, baseDirectory } = this.#options
    return { name, agent, log: log.child({ component: `${kind}.${name}` }), clock, dataDirectory, baseDirectory }
  }
}

function existing(channels: ReadonlyMap<string, ChannelPart>, name: string): ChannelPart {
  const part = channels.get(name)
  if (part === undefined) throw new SluiceError('SLUICE_CONFIG', `there is no channel named ${name}`)
  return part
}

function checkOpen(names: readonly string[], channels: ReadonlyMap<string, ChannelPart>): void {
  const closed = names.find((name) => existing(channels, name).supervisor.phase !== 'running')
  if (closed !== undefined) throw new SluiceError('SLUICE_CHANNEL_CLOSED', `the channel ${closed} is not open`)
}

function codeOf(error: unknown): string {
  return isSluiceError(error) ? error.code : 'SLUICE_INTERNAL'
}

/** Milliseconds: the longest `keep-alive` of the channels, which is given in seconds. */
function keepAlive(config: AgentConfig, names: readonly string[]): number {
  const waits = config.channels
    .filter(({ name }) => names.includes(name))
    .map(({ raw }) => Number(raw['keep-alive'] ?? NaN) * 1000)
    .filter((wait) => Number.isFinite(wait) && wait >= 0)
  return waits.length > 0 ? Math.max(...waits) : usualKeepAlive
}
