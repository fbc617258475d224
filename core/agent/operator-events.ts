import type { Clock } from '../clock.ts'
import { errorText } from '../errors.ts'
import type { Log } from '../log.ts'
import type { AgentDatabase, EventKind, EventQuery, OperatorEvent } from './agent-database.ts'
import { FlowMarks } from './flow-marks.ts'

/** What the operator did to the flow: marked on charts. */
const actions = new Set(['paused', 'resumed', 'drain', 'drained', 'rate'])

/** A part's name as the part itself writes it into the log: one search finds both. */
const asInLog = (component: string) => component.replace(':', '.')

/** What happened, kept for the operator until acknowledged. A disk that takes no event does not stop the agent. */
export class OperatorEvents {
  readonly #database: AgentDatabase
  readonly #clock: Clock
  readonly #log: Log
  readonly marks: FlowMarks
  #open: number | undefined

  constructor(database: AgentDatabase, clock: Clock, log: Log) {
    this.marks = new FlowMarks(database, clock, log)
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  /** How many nobody has acknowledged. */
  get open(): number {
    this.#open ??= this.#database.unacknowledged()
    return this.#open
  }

  /** Something that wants a look. `component`: a part's name, or `agent`. */
  report(component: string, code: string, message: string): void {
    this.#log.warn({ component: asInLog(component), code }, message)
    this.#add(component, code, message, false)
  }

  /** Something to read later that asks for nothing. */
  note(component: string, code: string, message: string): void {
    this.#log.info({ component: asInLog(component), code }, message)
    if (actions.has(code)) this.marks.moment('action', component, code, message)
    else if (code === 'reload') this.marks.moment('reload', component, code, message)
    this.#add(component, code, message, true)
  }

  list(query: EventQuery): OperatorEvent[] {
    return this.#database.events(query)
  }

  kinds(): EventKind[] {
    return this.#database.eventKinds()
  }

  acknowledge(ids: readonly number[] | 'all'): number {
    this.#open = undefined
    return this.#database.acknowledge(ids)
  }

  #add(component: string, code: string, message: string, acknowledged: boolean): void {
    this.#open = undefined
    try {
      this.#database.addEvent(this.#clock.now(), component, code, message.slice(0, 2_000), acknowledged)
    } catch (error) {
      this.#log.error({ error, component: asInLog(component), code }, `the event cannot be kept: ${errorText(error)}`)
    }
  }
}
