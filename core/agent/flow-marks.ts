import type { Clock } from '../clock.ts'
import { errorText } from '../errors.ts'
import type { Log } from '../log.ts'

/**
 * What the operator did, and what kept the flow from flowing. `begun`: there was no agent before. `down`: it did not run.
 * `slept`: the machine did not.
 */
export const markKinds = ['action', 'reload', 'outage', 'full', 'disk', 'failed', 'begun', 'down', 'slept'] as const
export type MarkKind = (typeof markKinds)[number]

/** A moment or a time to be marked on a chart. Epoch milliseconds. */
export interface FlowMark {
  readonly id: number
  readonly kind: MarkKind
  /** `source:r1`, `channel:c1`, `sink:k1`, `agent`. */
  readonly component: string
  readonly code: string
  readonly text: string
  readonly from: number
  /** Equal to `from` for a moment; null: it lasts. */
  readonly to: number | null
}

/** Where marks outlive the process. */
export interface MarkStore {
  addMark(mark: Omit<FlowMark, 'id'>): number
  endMark(id: number, to: number): void
  /** Ends what a process that is gone has left open; returns when it was last heard of, if ever. */
  endOpenMarks(): number | undefined
  marks(from: number, to: number, limit: number): FlowMark[]
  forgetMarks(before: number): void
}

/** Something that keeps the flow from flowing, as long as it lasts. */
export interface Condition {
  readonly kind: MarkKind
  readonly component: string
  readonly code: string
  readonly text: string
}

interface OpenCondition extends Condition {
  readonly id: number | undefined
  readonly since: number
  lastAt: number
}

/** What flaps within this time is one. Milliseconds. */
const settled = 10_000

/** Keeps what is to be marked on charts: what happened at a moment, and what lasted how long. */
export class FlowMarks {
  readonly #store: MarkStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #open = new Map<string, OpenCondition>()

  constructor(store: MarkStore, clock: Clock, log: Log) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#safely(() => {
      const now = clock.now()
      const heard = store.endOpenMarks()
      const start = { component: 'agent', code: 'start', to: now }
      if (heard === undefined)
        store.addMark({ ...start, kind: 'begun', text: 'the agent started for the first time', from: now })
      else store.addMark({ ...start, kind: 'down', text: 'the agent did not run', from: Math.min(heard, now) })
    })
  }

  /** Something that happened just now. */
  moment(kind: MarkKind, component: string, code: string, text: string): void {
    const now = this.#clock.now()
    this.#safely(() => this.#store.addMark({ kind, component, code, text, from: now, to: now }))
  }

  /** Nothing ran from `from` to `to`: what lasted then is seen anew, so that nobody counts the sleep as an outage. */
  slept(from: number, to: number, text: string): void {
    for (const [key, open] of this.#open) this.#end(key, open)
    this.#safely(() => this.#store.addMark({ kind: 'slept', component: 'agent', code: 'slept', text, from, to }))
  }

  /** Once a second: what keeps the flow from flowing now. */
  look(conditions: readonly Condition[]): void {
    const now = this.#clock.now()
    for (const condition of conditions) {
      const key = `${condition.kind} ${condition.component}`
      const open = this.#open.get(key)
      if (open !== undefined) {
        open.lastAt = now
        continue
      }
      const id = this.#safely(() => this.#store.addMark({ ...condition, from: now, to: null }))
      this.#open.set(key, { ...condition, id, since: now, lastAt: now })
    }
    for (const [key, open] of this.#open) if (now - open.lastAt >= settled || now < open.lastAt) this.#end(key, open)
  }

  /** Since when a condition has lasted. */
  since(kind: MarkKind, component: string): number | undefined {
    return this.#open.get(`${kind} ${component}`)?.since
  }

  /** Those of a span of time, the oldest first; of too many the newest. */
  list(from: number, to: number, limit: number): FlowMark[] {
    return this.#store.marks(from, to, limit)
  }

  forget(before: number): void {
    this.#store.forgetMarks(before)
  }

  /** The agent stops: what lasts is seen no further. */
  close(): void {
    for (const [key, open] of this.#open) this.#end(key, open)
  }

  #end(key: string, { id, lastAt }: OpenCondition): void {
    this.#open.delete(key)
    if (id !== undefined) this.#safely(() => this.#store.endMark(id, lastAt))
  }

  /** A mark that cannot be kept (a full disk) is no reason not to relay. */
  #safely<Result>(work: () => Result): Result | undefined {
    try {
      return work()
    } catch (error) {
      this.#log.warn({ error }, `a mark cannot be kept: ${errorText(error)}`)
      return undefined
    }
  }
}
