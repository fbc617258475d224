/**
 * The contract between two processes that send each other messages: a utility process and the desktop's main, or two
 * ends in memory. Each call and each subscription has a number of the caller's; cancelling and unsubscribing are part of
 * the protocol. The carrier knows no single call.
 */
import { z } from 'zod'
import { SluiceError } from '../errors.ts'
import type { ControlHost } from './control-host.ts'
import type { ControlPort } from './contract.ts'
import { fromWire, wireError, wireErrorSchema } from './wire-error.ts'

/** One end of a pair: what is posted here is heard there, in order, as a copy. */
export interface MessageLink {
  post(message: unknown): void
  /** The only listener, called from the next message on. */
  onMessage(listener: (message: unknown) => void): void
}

const id = z.number().int().nonnegative()
const request = { id, agent: z.string(), name: z.string(), params: z.unknown() }
const requests = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), ...request }),
  z.object({ kind: z.literal('cancel'), id }),
  z.object({ kind: z.literal('subscribe'), ...request }),
  z.object({ kind: z.literal('unsubscribe'), id }),
])
const answers = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('result'), id, result: z.unknown() }),
  z.object({ kind: z.literal('failed'), id, error: wireErrorSchema }),
  z.object({ kind: z.literal('message'), id, message: z.unknown() }),
  z.object({ kind: z.literal('ended'), id, error: wireErrorSchema.optional() }),
])
type Answer = z.infer<typeof answers>

/** Answers the other end of a link with the agents of a host, until `close`. */
export class PortServer {
  readonly #link: MessageLink
  readonly #host: ControlHost
  readonly #calls = new Map<number, AbortController>()
  /** The function that ends each subscription; undefined while it is being made. */
  readonly #subscriptions = new Map<number, (() => void) | undefined>()

  constructor(link: MessageLink, host: ControlHost) {
    this.#link = link
    this.#host = host
    link.onMessage((message) => this.#hear(message))
  }

  /** Gives up what is under way; what comes later is answered as before. */
  close(): void {
    for (const call of this.#calls.values()) call.abort()
    for (const end of this.#subscriptions.values()) end?.()
    this.#calls.clear()
    this.#subscriptions.clear()
  }

  #hear(message: unknown): void {
    const checked = requests.safeParse(message)
    // There is nobody to tell whose message has not even a number.
    if (!checked.success) return
    const asked = checked.data
    if (asked.kind === 'call') void this.#call(asked.id, asked.agent, asked.name, asked.params)
    else if (asked.kind === 'subscribe') void this.#subscribe(asked.id, asked.agent, asked.name, asked.params)
    else if (asked.kind === 'cancel') this.#calls.get(asked.id)?.abort()
    else {
      this.#subscriptions.get(asked.id)?.()
      this.#subscriptions.delete(asked.id)
    }
  }

  async #call(id: number, agent: string, name: string, params: unknown): Promise<void> {
    // The older one of two could not be cancelled any more.
    if (this.#calls.has(id)) return
    const cancelled = new AbortController()
    this.#calls.set(id, cancelled)
    try {
      const result = await this.#port(agent).call(name, params, cancelled.signal)
      this.#answer({ kind: 'result', id, result })
    } catch (error) {
      this.#answer({ kind: 'failed', id, error: wireError(error) })
    } finally {
      this.#calls.delete(id)
    }
  }

  async #subscribe(id: number, agent: string, name: string, params: unknown): Promise<void> {
    if (this.#subscriptions.has(id)) return
    this.#subscriptions.set(id, undefined)
    const wanted = () => this.#subscriptions.has(id)
    const ended = (error: unknown) => {
      if (!this.#subscriptions.delete(id)) return
      this.#answer(error === undefined ? { kind: 'ended', id } : { kind: 'ended', id, error: wireError(error) })
    }
    try {
      const end = await this.#port(agent).subscribe(
        name,
        params,
        (message) => {
          if (wanted()) this.#answer({ kind: 'message', id, message })
        },
        ended,
      )
      // It may be over already, from either side.
      if (wanted()) this.#subscriptions.set(id, end)
      else end()
    } catch (error) {
      ended(error)
    }
  }

  #port(agent: string): ControlPort {
    const port = this.#host.port(agent)
    if (port !== undefined) return port
    throw new SluiceError(
      'SLUICE_CONTROL',
      `there is no agent ${agent}: give one of ${this.#host.agents().join(', ') || '(none runs)'}`,
    )
  }

  #answer(answer: Answer): void {
    this.#link.post(answer)
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: SluiceError) => void
}

interface Listening {
  readonly listener: (message: unknown) => void
  readonly ended: (error: unknown) => void
}

/** The caller's end: every agent on the other side of a link, by its name. */
export class PortClient {
  readonly #link: MessageLink
  readonly #calls = new Map<number, Waiting>()
  readonly #subscriptions = new Map<number, Listening>()
  #lastId = 0
  #lost: SluiceError | undefined

  constructor(link: MessageLink) {
    this.#link = link
    link.onMessage((message) => this.#hear(message))
  }

  /** Whether that agent is there shows with the first call. */
  port(agent: string): ControlPort {
    return {
      call: (name, params, signal) => this.#call(agent, name, params, signal),
      subscribe: (name, params, listener, ended) => this.#subscribe(agent, name, params, listener, ended),
    }
  }

  /** The other side is gone: all that is open ends with `error`, and so does all that comes later. */
  lost(error: SluiceError): void {
    this.#lost = error
    const calls = [...this.#calls.values()]
    const subscriptions = [...this.#subscriptions.values()]
    this.#calls.clear()
    this.#subscriptions.clear()
    for (const { reject } of calls) reject(error)
    for (const { ended } of subscriptions) ended(error)
  }

  #call(agent: string, name: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost)
        return
      }
      if (signal?.aborted) {
        reject(new SluiceError('SLUICE_ABORTED', `the call ${name} was given up`))
        return
      }
      const id = ++this.#lastId
      // Whoever gave it up does not wait for the other side to notice.
      const cancel = () => {
        this.#link.post({ kind: 'cancel', id })
        this.#calls.delete(id)
        reject(new SluiceError('SLUICE_ABORTED', `the call ${name} was given up`))
      }
      const settle = () => {
        signal?.removeEventListener('abort', cancel)
      }
      signal?.addEventListener('abort', cancel, { once: true })
      this.#calls.set(id, {
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      this.#link.post({ kind: 'call', id, agent, name, params })
    })
  }

  #subscribe(
    agent: string,
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    if (this.#lost) return Promise.reject(this.#lost)
    const id = ++this.#lastId
    this.#subscriptions.set(id, { listener, ended })
    this.#link.post({ kind: 'subscribe', id, agent, name, params })
    return Promise.resolve(() => {
      if (this.#subscriptions.delete(id)) this.#link.post({ kind: 'unsubscribe', id })
    })
  }

  #hear(message: unknown): void {
    const checked = answers.safeParse(message)
    if (!checked.success) return
    const answer = checked.data
    if (answer.kind === 'message') this.#subscriptions.get(answer.id)?.listener(answer.message)
    else if (answer.kind === 'ended') {
      const listening = this.#subscriptions.get(answer.id)
      this.#subscriptions.delete(answer.id)
      listening?.ended(answer.error && fromWire(answer.error))
    } else {
      const waiting = this.#calls.get(answer.id)
      this.#calls.delete(answer.id)
      if (answer.kind === 'result') waiting?.resolve(answer.result)
      else waiting?.reject(fromWire(answer.error))
    }
  }
}
