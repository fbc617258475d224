import { type z } from 'zod'
import type { Agent } from '../agent/agent.ts'
import { BacklogDesk } from '../backlog/backlog-desk.ts'
import { type Clock, systemClock } from '../clock.ts'
import { isSluiceError, SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import { backlogHandlers, backlogStreams } from './backlog-handlers.ts'
import { BacklogStores } from './backlog-stores.ts'
import { type ConfigAccess, configHandlers } from './config-handlers.ts'
import { checkParams } from './check-params.ts'
import { type CallName, calls, type CallResult, type ControlPort, subscriptions } from './contract.ts'
import { sourceHandlers } from './source-handlers.ts'
import { subscribeState } from './state-subscription.ts'

export type { ConfigAccess }

export interface ControlServerOptions {
  readonly agent: Agent
  readonly config?: ConfigAccess
  readonly clock?: Clock
  readonly log: Log
}

type Handlers = {
  readonly [Name in CallName]: (
    params: z.output<(typeof calls)[Name]['params']>,
    signal: AbortSignal | undefined,
  ) => unknown
}

/** Answers the calls of the contract with an agent. The in-memory carrier is the server itself. */
export class ControlServer implements ControlPort {
  readonly #options: ControlServerOptions
  readonly #clock: Clock
  readonly #desk: BacklogDesk
  readonly #handlers: Handlers
  readonly #streams: ReturnType<typeof backlogStreams>

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#desk = new BacklogDesk(this.#clock)
    const stores = new BacklogStores(options.agent, this.#desk, this.#clock)
    this.#handlers = handlers(options, this.#desk, stores)
    this.#streams = backlogStreams(options.agent, this.#desk, stores, this.#clock)
  }

  async call(name: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (!isCall(name))
      throw new SluiceError('SLUICE_CONTROL', `there is no call ${name}: give one of ${Object.keys(calls).join(', ')}`)
    const checked = checkParams(name, calls[name].params, params)
    try {
      signal?.throwIfAborted()
      // Each handler takes what its own schema makes; the compiler cannot follow the name through the record.
      const handler = this.#handlers[name] as (params: unknown, signal: AbortSignal | undefined) => unknown
      return calls[name].result.parse(await handler(checked, signal))
    } catch (error) {
      throw this.#presentable(name, error)
    }
  }

  async subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    try {
      return await this.#subscribe(name, params, listener, ended)
    } catch (error) {
      throw this.#presentable(name, error)
    }
  }

  /** Ends the threads that read backlogs. */
  close(): Promise<void> {
    return this.#desk.close()
  }

  #subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    const over = (error: unknown) => ended(error === undefined ? undefined : this.#presentable(name, error))
    if (name === 'backlogSearch' || name === 'backlogExport') {
      const { message, params: schema } = subscriptions[name]
      // As with calls: each stream takes what its own schema makes.
      const start = this.#streams[name] as (
        params: unknown,
        ...rest: [typeof listener, typeof over]
      ) => Promise<() => void>
      return start(checkParams(name, schema, params), (said) => listener(message.parse(said)), over)
    }
    const { agent } = this.#options
    const options = { clock: this.#clock, onlyNew: name !== 'status' }
    const onChange = (changed: () => void) => agent.onChange(changed)
    return Promise.resolve(subscribeState(this.#snapshot(name, params), onChange, listener, over, options))
  }

  /** What a subscription says at any moment. */
  #snapshot(name: string, params: unknown): () => unknown {
    const { agent } = this.#options
    if (name === 'status') {
      checkParams(name, subscriptions.status.params, params)
      return () => subscriptions.status.message.parse(agent.status())
    }
    if (name === 'events') {
      const query = checkParams(name, subscriptions.events.params, params)
      return () => subscriptions.events.message.parse(agent.events(query))
    }
    throw new SluiceError(
      'SLUICE_CONTROL',
      `there is no subscription ${name}: give one of ${Object.keys(subscriptions).join(', ')}`,
    )
  }

  /** Nobody outside sees a stack or the inside of an unforeseen error. */
  #presentable(name: string, error: unknown): SluiceError {
    if (isSluiceError(error)) return error
    if (error instanceof DOMException && error.name === 'AbortError')
      return new SluiceError('SLUICE_ABORTED', `the call ${name} was given up`)
    this.#options.log.error({ error, call: name }, `the call ${name} failed in an unforeseen way`)
    return new SluiceError('SLUICE_INTERNAL', `the call ${name} failed in an unforeseen way; the agent's log says how`)
  }
}

function handlers(
  { agent, config, clock = systemClock, log }: ControlServerOptions,
  desk: BacklogDesk,
  stores: BacklogStores,
): Handlers {
  const done: CallResult<'pause'> = {}
  return {
    status: () => agent.status(),
    pause: ({ component }) => {
      agent.pause(component)
      return done
    },
    resume: ({ component }) => {
      agent.resume(component)
      return done
    },
    drain: ({ channel, rate }) => {
      agent.drain(channel, rate)
      return done
    },
    cancelDrain: ({ channel }) => {
      agent.cancelDrain(channel)
      return done
    },
    setRate: ({ channel, rate }) => {
      agent.setRate(channel, rate ?? undefined)
      return done
    },
    stop: () => {
      agent.requestStop()
      return done
    },
    history: ({ series, from, to, pixels }) => agent.history(series, from, to, pixels),
    historySeries: () => agent.historySeries(),
    ledger: ({ channel }) => agent.ledger(channel) ?? null,
    events: (query) => agent.events(query),
    eventKinds: () => agent.eventKinds(),
    acknowledge: ({ ids }) => ({ count: agent.acknowledge(ids) }),
    marks: ({ from, to, limit }) => agent.marks(from, to, limit),
    ...configHandlers(agent, config),
    ...sourceHandlers(agent, clock),
    ...backlogHandlers(agent, desk, stores, log),
  }
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}
