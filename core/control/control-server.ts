import { type z } from 'zod'
import type { Agent } from '../agent/agent.ts'
import { type Clock, systemClock } from '../clock.ts'
import { isSluiceError, SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type ConfigAccess, configHandlers } from './config-handlers.ts'
import { type CallName, calls, type CallResult, type ControlPort, subscriptions } from './contract.ts'
import { sourceHandlers } from './source-handlers.ts'

export type { ConfigAccess }

export interface ControlServerOptions {
  readonly agent: Agent
  readonly config?: ConfigAccess
  readonly clock?: Clock
  readonly log: Log
}

/** Subscribers hear at most this often, milliseconds. */
const leastInterval = 250

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
  readonly #handlers: Handlers

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#handlers = handlers(options)
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

  subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    try {
      return Promise.resolve(this.#subscribe(name, params, listener, ended))
    } catch (error) {
      return Promise.reject(this.#presentable(name, error))
    }
  }

  #subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): () => void {
    const snapshot = this.#snapshot(name, params)
    const over = new AbortController()
    let sentAt = -Infinity
    let waiting = false
    let said = ''
    const send = () => {
      if (over.signal.aborted) return
      sentAt = this.#clock.monotonic()
      try {
        const message = snapshot()
        const text = name === 'status' ? '' : JSON.stringify(message)
        if (text !== '' && text === said) return
        said = text
        listener(message)
      } catch (error) {
        end()
        ended(this.#presentable(name, error))
      }
    }
    const changed = () => {
      const wait = sentAt + leastInterval - this.#clock.monotonic()
      if (wait <= 0) {
        send()
        return
      }
      if (waiting) return
      waiting = true
      void this.#clock.sleep(wait, over.signal).then(() => {
        waiting = false
        send()
      })
    }
    const stopListening = this.#options.agent.onChange(changed)
    const end = () => {
      over.abort()
      stopListening()
    }
    send()
    return end
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

function handlers({ agent, config, clock = systemClock }: ControlServerOptions): Handlers {
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
  }
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

function checkParams<Schema extends z.ZodType>(name: string, schema: Schema, params: unknown): z.output<Schema> {
  const checked = schema.safeParse(params ?? {})
  if (checked.success) return checked.data
  const issues = checked.error.issues.map(({ path, message }) => `${path.join('.') || 'parameters'}: ${message}`)
  throw new SluiceError('SLUICE_CONTROL', `${name} does not take that: ${issues.join('; ')}`)
}
