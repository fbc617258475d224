import type { UtilityProcess } from 'electron'
import { version } from '../core/cli/command/version.ts'
import { PortClient } from '../core/control/port-carrier.ts'
import type { ControlPort } from '../core/control/contract.ts'
import { fromWire } from '../core/control/wire-error.ts'
import { SluiceError } from '../core/errors.ts'
import { fromAgentSchema, type FromAgent, type ToAgent } from './agent-messages.ts'

/** `failed`: it could not start and is tried again; `stopped`: somebody wanted it so. */
export const agentProcessStates = ['starting', 'running', 'failed', 'crashed', 'stopped'] as const

export interface AgentProcess {
  readonly state: (typeof agentProcessStates)[number]
  /** Why, in words; empty while it runs. */
  readonly reason: string
  /** How often it has ended by itself since the app was started. */
  readonly crashes: number
  readonly pid: number | undefined
  readonly agents: readonly { readonly name: string; readonly exports: string }[]
  /** The process whose agents they are when another had the workspace already: the app does not end them. */
  readonly attachedTo: number | undefined
}

export interface SupervisorOptions {
  readonly fork: () => UtilityProcess
  /** What the configuration may name, as `${NAME}`. */
  readonly secrets: () => Promise<Record<string, string>>
  readonly onChange: (process: AgentProcess) => void
  readonly onOutput: (text: string) => void
  /** Milliseconds before the first restart; doubled up to `mostBackoff`. */
  readonly backoff?: number
}

const nobody = { agents: [], attachedTo: undefined } as const
const mostBackoff = 30_000
/** What cannot start is waited for by somebody who is just putting it right. */
const mostPatience = 3_000
/** Who has run for so long is as good as new. */
const settledAfter = 60_000
/** What the agents get to stop in; the channels survive a kill anyway. */
const stopWithin = 5_000

/** Keeps the agent's process up: whatever ends it, it is started again, later each time it does not last. */
export class AgentSupervisor {
  readonly #options: SupervisorOptions
  #process: AgentProcess = { state: 'starting', reason: '', crashes: 0, pid: undefined, ...nobody }
  #child: UtilityProcess | undefined
  #client: PortClient | undefined
  #restart: NodeJS.Timeout | undefined
  #backoff: number
  #startedAt = 0
  #lastWord: FromAgent | undefined
  #stopping = false
  #ended: Promise<void> = Promise.resolve()

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#backoff = options.backoff ?? 250
  }

  get process(): AgentProcess {
    return this.#process
  }

  /** Where calls go, to whichever process runs at that moment. */
  port(agent: string): ControlPort {
    return {
      call: (...rest) =>
        this.#connected()
          .port(agent)
          .call(...rest),
      subscribe: (...rest) =>
        this.#connected()
          .port(agent)
          .subscribe(...rest),
    }
  }

  start(): void {
    clearTimeout(this.#restart)
    if (this.#child) return
    this.#stopping = false
    this.#lastWord = undefined
    this.#startedAt = performance.now()
    const child = this.#options.fork()
    this.#child = child
    let heard: (message: unknown) => void = () => undefined
    const client = new PortClient({
      post: (message) => this.#tell({ about: 'control', message }),
      onMessage: (listener) => (heard = listener),
    })
    this.#client = client
    child.on('message', (message: unknown) => {
      const checked = fromAgentSchema.safeParse(message)
      if (!checked.success) return
      if (checked.data.about === 'control') heard(checked.data.message)
      else this.#hear(checked.data)
    })
    child.stdout?.on('data', (text: Buffer) => this.#options.onOutput(text.toString('utf8')))
    child.stderr?.on('data', (text: Buffer) => this.#options.onOutput(text.toString('utf8')))
    child.once('spawn', () => this.#change({ pid: child.pid }))
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code) => {
        this.#gone(client, code)
        resolve()
      })
    })
    // Why the last try failed is what a user wants to read until this one has got further.
    const reason = this.#process.state === 'failed' ? this.#process.reason : ''
    this.#change({ state: 'starting', reason, ...nobody })
    void this.sendSecrets()
  }

  /** The machine has slept since then, epoch milliseconds. */
  awake(since: number): void {
    this.#tell({ about: 'awake', since })
  }

  /** They have changed. The agents do not start before they have them. */
  async sendSecrets(): Promise<void> {
    this.#tell({ about: 'secrets', secrets: await this.#options.secrets() })
  }

  /** Resolves when the process is gone: stopped, or killed when that takes too long. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart)
    this.#stopping = true
    const child = this.#child
    if (child === undefined) return
    this.#tell({ about: 'stop' })
    const late = setTimeout(() => {
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    }, stopWithin)
    await this.#ended
    clearTimeout(late)
  }

  #tell(message: ToAgent): void {
    this.#child?.postMessage(message)
  }

  #hear(said: FromAgent): void {
    this.#lastWord = said
    if (said.about === 'running')
      this.#change({ state: 'running', reason: '', agents: said.agents, attachedTo: said.attachedTo })
    else if (said.about === 'left') {
      const reason = `the agent running as process ${said.pid} has ended; its flow is started here`
      this.#change({ state: 'starting', reason, ...nobody })
    }
  }

  #gone(client: PortClient, code: number): void {
    this.#child = undefined
    this.#client = undefined
    const said = this.#lastWord
    if (this.#stopping || said?.about === 'stopped')
      this.#change({ state: 'stopped', reason: 'the agent was stopped', pid: undefined, ...nobody })
    else if (said?.about === 'failed') {
      this.#change({ state: 'failed', reason: said.error.message, pid: undefined, ...nobody })
      this.#later()
    } else {
      const { crashes } = this.#process
      const reason = `the agent's process ended unexpectedly (exit code ${code}) and is started again`
      this.#change({ state: 'crashed', reason, crashes: crashes + 1, pid: undefined, ...nobody })
      this.#later()
    }
    client.lost(
      said?.about === 'failed' ? fromWire(said.error) : new SluiceError('SLUICE_CONTROL', this.#process.reason),
    )
  }

  #later(): void {
    if (performance.now() - this.#startedAt > settledAfter) this.#backoff = this.#options.backoff ?? 250
    this.#restart = setTimeout(() => this.start(), this.#backoff)
    this.#backoff = Math.min(this.#backoff * 2, this.#process.state === 'failed' ? mostPatience : mostBackoff)
  }

  #change(changed: Partial<AgentProcess>): void {
    this.#process = { ...this.#process, ...changed }
    this.#options.onChange(this.#process)
  }

  #connected(): PortClient {
    if (this.#client && this.#process.state === 'running') return this.#client
    const { state, reason } = this.#process
    throw new SluiceError('SLUICE_CONTROL', reason === '' ? `the agent is ${state}` : reason)
  }
}

/** What the page hears of whom it talks to; throws with the reason while it can talk to nobody. */
export function sessionOf({ state, reason, agents, attachedTo }: AgentProcess): object {
  if (state === 'running')
    return {
      ...{ agents: agents.map(({ name }) => name), role: 'configure', version },
      ...(attachedTo === undefined ? {} : { attachedTo }),
    }
  throw new SluiceError('SLUICE_CONTROL', reason === '' ? 'the agent is starting' : reason)
}
