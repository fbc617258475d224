import type { Batch } from '../event/batch.ts'
import { type EventRuns, runsWithin } from '../event/event-runs.ts'
import type { Headers } from '../event/event.ts'
import type { Interceptor } from './interceptor.ts'

/** What interceptors made of a batch, and which of its events are left. */
export interface Intercepted {
  readonly batch: Batch
  readonly taken: EventRuns | 'all' | 'unknown'
}

/** What is left of `before` when only `events` of it go on. */
function left(before: EventRuns | 'all', events: EventRuns | undefined): Intercepted['taken'] {
  if (events === undefined) return 'unknown'
  return before === 'all' ? events : runsWithin(before, events)
}

/** A source's interceptors in their order. */
export class InterceptorChain {
  /** How many of the first interceptors only look at headers, so that a source can have them run once a batch. */
  readonly #leading: number
  readonly #interceptors: readonly Interceptor[]

  constructor(interceptors: readonly Interceptor[]) {
    this.#interceptors = interceptors
    const first = interceptors.findIndex((one) => one.interceptHeaders === undefined)
    this.#leading = first < 0 ? interceptors.length : first
  }

  /** What the leading interceptors make of headers that a whole batch shares. */
  prepareHeaders(headers: Headers): Headers {
    let result = headers
    for (let index = 0; index < this.#leading; index++)
      result = this.#interceptors[index]?.interceptHeaders?.(result) ?? result
    return result
  }

  /** Runs all interceptors, or only those that `prepareHeaders` leaves over when the batch was `prepared` with it. */
  intercept(batch: Batch, prepared: boolean): Intercepted {
    let result = batch
    let taken: Intercepted['taken'] = 'all'
    for (let index = prepared ? this.#leading : 0; index < this.#interceptors.length; index++) {
      const next = this.#interceptors[index]?.intercept(result) ?? result
      if (next.count !== result.count && taken !== 'unknown') taken = left(taken, next.takenOf(result))
      // Nobody else has seen what an interceptor in the middle made.
      if (next !== result && result !== batch) result.recycle()
      result = next
      if (result.count === 0) break
    }
    return { batch: result, taken }
  }
}
