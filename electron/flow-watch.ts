import { alarmCodes } from '../core/agent/alarm-codes.ts'
import { ControlClient } from '../core/control/client.ts'
import type { ControlPort, SubscriptionMessage } from '../core/control/contract.ts'

type Status = SubscriptionMessage<'status'>
type OperatorEvent = SubscriptionMessage<'events'>[number]

/** What the tray says of all agents together. */
export interface FlowSummary {
  readonly text: string
  readonly paused: boolean
  readonly draining: boolean
}

export interface Alarm {
  readonly agent: string
  readonly component: string
  readonly message: string
}

export interface FlowWatchOptions {
  readonly port: (agent: string) => ControlPort
  readonly onSummary: (summary: FlowSummary) => void
  readonly onAlarm: (alarm: Alarm) => void
  /** Milliseconds between two looks: a tray needs no more, and a hidden app should cost nothing. */
  readonly every?: number
}

/** Looks at the agents for the tray and hears of what wants the operator's attention. */
export class FlowWatch {
  readonly #options: FlowWatchOptions
  readonly #since = Date.now()
  /** When each alarm was last told, by agent and event. */
  readonly #told = new Map<string, number>()
  #agents: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #ends: (() => void)[] = []

  constructor(options: FlowWatchOptions) {
    this.#options = options
  }

  /** Watches these from now on; none of them while the agent's process is down. */
  watch(agents: readonly string[]): void {
    clearInterval(this.#timer)
    for (const end of this.#ends) end()
    this.#ends = []
    this.#agents = agents
    if (agents.length === 0) return
    this.#timer = setInterval(() => void this.look(), this.#options.every ?? 5_000)
    void this.look()
    for (const agent of agents) void this.#listen(agent)
  }

  /** Looks now: after something was commanded. */
  async look(): Promise<void> {
    const agents = this.#agents
    const looks = agents.map((agent) => this.#client(agent).call('status', {}))
    const found = await Promise.allSettled(looks)
    if (agents !== this.#agents) return
    this.#options.onSummary(summaryOf(found.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []))))
  }

  /** Pauses or resumes every source and sink of every agent. */
  async command(name: 'pause' | 'resume'): Promise<void> {
    await Promise.all(this.#agents.map((agent) => this.#client(agent).call(name, {})))
    await this.look()
  }

  async #listen(agent: string): Promise<void> {
    try {
      const heard = (events: readonly OperatorEvent[]) => events.forEach((event) => this.#consider(agent, event))
      this.#ends.push(await this.#client(agent).subscribe('events', { acknowledged: false }, heard))
    } catch {
      // The process has ended meanwhile; `watch` is called again when it is back.
    }
  }

  #consider(agent: string, { id, code, lastAt, component, message }: OperatorEvent): void {
    if (!alarmCodes.some((one) => one === code) || lastAt < this.#since) return
    const key = `${agent} ${id}`
    if ((this.#told.get(key) ?? 0) >= lastAt) return
    this.#told.set(key, lastAt)
    this.#options.onAlarm({ agent, component, message })
  }

  #client(agent: string): ControlClient {
    return new ControlClient(this.#options.port(agent))
  }
}

function summaryOf(found: readonly Status[]): FlowSummary {
  const parts = found.flatMap(({ sources, sinks }) => [...sources, ...sinks])
  const channels = found.flatMap((status) => status.channels)
  const queued = channels.reduce((sum, { events }) => sum + events, 0)
  const failed = [...parts, ...channels].filter(({ state }) => state === 'failed').length
  const paused = parts.length > 0 && parts.every(({ command }) => command === 'paused')
  const draining = channels.some(({ drain }) => drain !== null && !drain.done)
  const state = failed > 0 ? `${failed} failed` : paused ? 'Paused' : draining ? 'Draining' : 'Running'
  return { text: `${state}, ${queued.toLocaleString('en-US')} events wait`, paused, draining }
}

/** The view that shows what an alarm is about, of the agent that it is about. */
export function placeOfAlarm({ agent, component }: Pick<Alarm, 'agent' | 'component'>): string {
  return `${viewOf(component)}?agent=${encodeURIComponent(agent)}`
}

function viewOf(component: string): string {
  const [kind = '', ...name] = component.split(':')
  const part = encodeURIComponent(name.join(':'))
  if (kind === 'channel') return `/channel/${part}`
  return kind === 'source' ? `/sources/${part}` : '/flow'
}
