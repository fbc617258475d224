import { setTimeout as sleep } from 'node:timers/promises'
import { exportsFolder } from '../core/control/backlog-handlers.ts'
import { ControlClient } from '../core/control/client.ts'
import { readControlFile } from '../core/control/control-file.ts'
import type { ControlPort } from '../core/control/contract.ts'
import { SocketPort } from '../core/control/socket-port.ts'

/** Where an agent of the workspace keeps its data, and so its control socket. */
export interface AgentPlace {
  readonly agent: string
  readonly dataDirectory: string
}

/** How long agents that are just starting are waited for when another of the same workspace runs already. */
const startsWithin = 3_000
const askedEvery = 200
const answersWithin = 2_000

interface Found {
  readonly name: string
  readonly exports: string
  readonly pid: number
  readonly port: ControlPort
}

/** The agents of a workspace that another process runs, spoken to over their control sockets. */
export class AttachedAgents {
  readonly #found: readonly Found[]
  readonly #ended = Promise.withResolvers<undefined>()
  #ends: (() => void)[] = []

  private constructor(found: readonly Found[]) {
    this.#found = found
  }

  /** Undefined when none of them runs. A control file whose agent does not answer was left by one that was killed. */
  static async find(places: readonly AgentPlace[], ownPid = process.pid): Promise<AttachedAgents | undefined> {
    const deadline = performance.now() + startsWithin
    for (;;) {
      const answers = await Promise.all(places.map((place) => runningAt(place, ownPid)))
      const found = answers.filter((one) => one !== undefined)
      if (found.length === 0) return undefined
      if (found.length === places.length || performance.now() > deadline) {
        const attached = new AttachedAgents(found)
        await attached.#listen()
        return attached
      }
      await sleep(askedEvery)
    }
  }

  get pid(): number {
    return this.#found[0]?.pid ?? 0
  }

  get agents(): readonly { readonly name: string; readonly exports: string }[] {
    return this.#found.map(({ name, exports }) => ({ name, exports }))
  }

  /** Resolves when one of them is gone. */
  get ended(): Promise<undefined> {
    return this.#ended.promise
  }

  port(agent: string): ControlPort | undefined {
    return this.#found.find(({ name }) => name === agent)?.port
  }

  /** Lets go of them; they run on. */
  close(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#ended.resolve(undefined)
  }

  /** A connection to each that ends with it; events are what is sent least. */
  async #listen(): Promise<void> {
    for (const { port } of this.#found)
      try {
        const params = { acknowledged: false, limit: 1 }
        this.#ends.push(
          await port.subscribe(
            'events',
            params,
            () => undefined,
            () => this.#ended.resolve(undefined),
          ),
        )
      } catch {
        // It has gone since it answered.
        this.#ended.resolve(undefined)
      }
  }
}

async function runningAt({ agent, dataDirectory }: AgentPlace, ownPid: number): Promise<Found | undefined> {
  try {
    const file = readControlFile(dataDirectory)
    if (file === undefined || file.pid === ownPid) return undefined
    const port = new SocketPort(file.socket)
    const { pid } = await new ControlClient(port).call('status', {}, AbortSignal.timeout(answersWithin))
    return { name: agent, exports: exportsFolder(dataDirectory), pid, port }
  } catch {
    // Nobody answers, or in words of another version: whoever holds the folder's lock is named when it is wanted.
    return undefined
  }
}
