export interface BackoffLimits {
  /** First delay in milliseconds; each failure doubles it. */
  readonly first: number
  /** Longest delay, however long the trouble lasts: what is fresh passes within ten seconds of its end. */
  readonly most: number
}

/** For what depends on a peer: quick to notice its return, as easy on it as Flume's sink runner when it stays away. */
export const peerBackoff: BackoffLimits = { first: 100, most: 5_000 }
/** For starting a component again. */
export const startBackoff: BackoffLimits = { first: 500, most: 10_000 }

/** Growing, jittered delays between attempts; a success resets them. */
export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  #delay = 0

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits
    this.#random = random
  }

  /** Milliseconds to wait after a failure: between half and all of the grown delay. */
  next(): number {
    const { first, most } = this.#limits
    this.#delay = this.#delay === 0 ? first : Math.min(this.#delay * 2, most)
    return this.#delay * (0.5 + this.#random() / 2)
  }

  reset(): void {
    this.#delay = 0
  }
}
