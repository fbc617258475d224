import type { Clock } from '../clock.ts'
import { ChangeSignal } from './change-signal.ts'

/**
 * At most so many events a second leave a channel, shared by its sinks. Tokens build up for a tenth of a second only,
 * so that a pause is not followed by a burst.
 */
export class RateLimit {
  readonly #clock: Clock
  readonly #changed = new ChangeSignal()
  #rate: number | undefined
  #tokens = 0
  #at = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Events a second; undefined: no limit. */
  get rate(): number | undefined {
    return this.#rate
  }

  set(rate: number | undefined): void {
    this.#rate = rate
    this.#tokens = 0
    this.#at = this.#clock.monotonic()
    this.#changed.fire()
  }

  /** Resolves with how many events may be taken now: 1 to `wanted`; at once without a limit. 0 when `signal` aborts. */
  async allowance(wanted: number, signal: AbortSignal): Promise<number> {
    while (!signal.aborted) {
      if (this.#rate === undefined) return wanted
      this.#refill(this.#rate)
      const worthwhile = Math.max(1, Math.min(wanted, Math.floor(this.#rate / 10)))
      if (this.#tokens >= worthwhile) return Math.min(wanted, Math.floor(this.#tokens))
      const wait = Math.max(1, ((worthwhile - this.#tokens) / this.#rate) * 1000)
      const sleeping = new AbortController()
      await Promise.race([
        this.#clock.sleep(wait, AbortSignal.any([signal, sleeping.signal])),
        this.#changed.wait(AbortSignal.any([signal, sleeping.signal])),
      ])
      sleeping.abort()
    }
    return 0
  }

  /** So many events were taken. */
  spend(events: number): void {
    if (this.#rate !== undefined) this.#tokens -= events
  }

  /** They were not delivered after all. */
  giveBack(events: number): void {
    if (this.#rate !== undefined) this.#tokens += events
  }

  #refill(rate: number): void {
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(Math.max(1, rate / 10), this.#tokens + ((now - this.#at) * rate) / 1000)
    this.#at = now
  }
}
