export interface BackoffLimits {
  /** First delay in milliseconds; each failure doubles it. */
  readonly first: number
  /** Longest delay while the trouble is young. */
  readonly soon: number
  /** Longest delay once the trouble has lasted for `soonFor` milliseconds. */
  readonly most: number
  readonly soonFor: number
}

/** For what depends on a peer: quick to notice its return, easy on it when it stays away. */
export const peerBackoff: BackoffLimits = { first: 100, soon: 5_000, most: 30_000, soonFor: 300_000 }
/** For starting a component again. */
export const startBackoff: BackoffLimits = { first: 500, soon: 10_000, most: 30_000, soonFor: 60_000 }

/** Growing, jittered delays between attempts; a success resets them. */
export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  #delay = 0
  #since: number | undefined

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits
    this.#random = random
  }

  /** True while nothing has succeeded since the last failure. */
  get troubled(): boolean {
    return this.#since !== undefined
  }

  /** Milliseconds to wait after a failure at `now` (monotonic): between half and all of the grown delay. */
  next(now: number): number {
    this.#since ??= now
    const most = now - this.#since < this.#limits.soonFor ? this.#limits.soon : this.#limits.most
    this.#delay = this.#delay === 0 ? this.#limits.first : Math.min(this.#delay * 2, most)
    return this.#delay * (0.5 + this.#random() / 2)
  }

  reset(): void {
    this.#delay = 0
    this.#since = undefined
  }
}
