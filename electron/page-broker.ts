import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron'
import { z } from 'zod'
import { checkParams } from '../core/control/check-params.ts'
import { calls, type ControlPort, subscriptions } from '../core/control/contract.ts'
import { wireError } from '../core/control/wire-error.ts'
import { SluiceError } from '../core/errors.ts'
import type { BridgeAnswer } from '../renderer/connection/desktop-bridge.ts'
import { callChannel, type MainStream, streamChannel } from './channels.ts'
import { type DesktopHandlers, type DesktopVerb, desktopVerbs } from './desktop-verbs.ts'
import { isOurPage } from './page-protocol.ts'

const id = z.number().int().nonnegative()
const agent = z.string().min(1).max(300)
const name = z.string().min(1).max(100)
const pageCall = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('session') }),
  z.object({ verb: z.literal('call'), id, agent, name, params: z.unknown() }),
  z.object({ verb: z.literal('desktop'), name, params: z.unknown() }),
])
const pageStream = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('cancel'), id }),
  z.object({ verb: z.literal('subscribe'), id, agent, name, params: z.unknown() }),
  z.object({ verb: z.literal('unsubscribe'), id }),
  z.object({ verb: z.literal('ready') }),
])

export interface BrokerOptions {
  readonly ipc: IpcMain
  /** The page that may ask: that of the app's own window; undefined while there is none. */
  readonly page: () => WebContents | undefined
  readonly port: (agent: string) => ControlPort
  readonly session: () => unknown
  readonly desktop: DesktopHandlers
  readonly onReady: () => void
  /** In development the results are held to the contract as well. */
  readonly checkResults: boolean
}

/** The one gate between the page and everything else: who asks, whether the contract has it, with which parameters. */
export class PageBroker {
  readonly #options: BrokerOptions
  readonly #calls = new Map<number, AbortController>()
  /** The function that ends each subscription; undefined while it is being made. */
  readonly #streams = new Map<number, (() => void) | undefined>()
  /** Counts pages: what was asked for one is not answered to the next. */
  #page = 0

  constructor(options: BrokerOptions) {
    this.#options = options
    options.ipc.handle(callChannel, (event, asked: unknown) => this.#answer(event, asked))
    options.ipc.on(streamChannel, (event, asked: unknown) => this.#hear(event, asked))
  }

  /** The page was left or is gone: what it had under way ends. */
  release(): void {
    this.#page++
    for (const call of this.#calls.values()) call.abort()
    for (const end of this.#streams.values()) end?.()
    this.#calls.clear()
    this.#streams.clear()
  }

  navigate(path: string): void {
    this.#say({ verb: 'navigate', path })
  }

  async #answer(event: IpcMainInvokeEvent, asked: unknown): Promise<BridgeAnswer> {
    try {
      if (!this.#mayAsk(event)) throw new SluiceError('SLUICE_FORBIDDEN', 'only the page of the window may ask this')
      const checked = pageCall.safeParse(asked)
      if (!checked.success) throw new SluiceError('SLUICE_CONTROL', 'that is no call as the window makes them')
      return { result: await this.#result(checked.data) }
    } catch (error) {
      const { code, message } = wireError(error)
      return { error: { code, message } }
    }
  }

  #result(asked: z.infer<typeof pageCall>): unknown {
    if (asked.verb === 'session') return this.#options.session()
    if (asked.verb === 'desktop') return this.#desktop(asked.name, asked.params)
    return this.#call(asked.id, asked.agent, asked.name, asked.params)
  }

  async #call(id: number, agent: string, name: string, params: unknown): Promise<unknown> {
    const listed = Object.entries(calls).find(([one]) => one === name)?.[1]
    if (listed === undefined) throw new SluiceError('SLUICE_CONTROL', `there is no call ${name}`)
    checkParams(name, listed.params, params)
    const cancelled = new AbortController()
    this.#calls.set(id, cancelled)
    try {
      const result = await this.#options.port(agent).call(name, params, cancelled.signal)
      return this.#options.checkResults ? listed.result.parse(result) : result
    } finally {
      if (this.#calls.get(id) === cancelled) this.#calls.delete(id)
    }
  }

  #desktop(name: string, params: unknown): unknown {
    if (!isDesktopVerb(name)) throw new SluiceError('SLUICE_CONTROL', `the desktop cannot ${name}`)
    // Each handler takes what its own schema makes; the compiler cannot follow the name through the record.
    const handler = this.#options.desktop[name] as (params: unknown) => unknown
    return handler(checkParams(name, desktopVerbs[name], params))
  }

  #hear(event: IpcMainEvent, asked: unknown): void {
    const checked = pageStream.safeParse(asked)
    if (!this.#mayAsk(event) || !checked.success) return
    const { data } = checked
    if (data.verb === 'ready') this.#options.onReady()
    else if (data.verb === 'cancel') this.#calls.get(data.id)?.abort()
    else if (data.verb === 'subscribe') void this.#subscribe(data.id, data.agent, data.name, data.params)
    else {
      this.#streams.get(data.id)?.()
      this.#streams.delete(data.id)
    }
  }

  async #subscribe(id: number, agent: string, name: string, params: unknown): Promise<void> {
    const page = this.#page
    const wanted = () => page === this.#page && this.#streams.has(id)
    const ended = (error: unknown) => {
      if (!wanted()) return
      this.#streams.delete(id)
      const said = error === undefined ? undefined : wireError(error)
      this.#say({ verb: 'ended', id, error: said && { code: said.code, message: said.message } })
    }
    this.#streams.set(id, undefined)
    try {
      const listed = Object.entries(subscriptions).find(([one]) => one === name)?.[1]
      if (listed === undefined) throw new SluiceError('SLUICE_CONTROL', `there is no subscription ${name}`)
      checkParams(name, listed.params, params)
      const listener = (message: unknown) => {
        if (wanted()) this.#say({ verb: 'message', id, message })
      }
      const end = await this.#options.port(agent).subscribe(name, params, listener, ended)
      if (wanted()) this.#streams.set(id, end)
      else end()
    } catch (error) {
      ended(error)
    }
  }

  #say(said: MainStream): void {
    const page = this.#options.page()
    if (page && !page.isDestroyed()) page.send(streamChannel, said)
  }

  /** Every frame of every page can send; only the main frame of our own page is heard. */
  #mayAsk({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean {
    return (
      sender === this.#options.page() &&
      senderFrame !== null &&
      senderFrame.parent === null &&
      isOurPage(senderFrame.url)
    )
  }
}

function isDesktopVerb(name: string): name is DesktopVerb {
  return Object.hasOwn(desktopVerbs, name)
}
