/** A change that comes this soon after the one before belongs to it: what flaps is one way of flowing. Milliseconds. */
const settled = 30_000

/** Since when something has been as it is, named by a key. */
export class Regime {
  #key: string
  #changedAt = -Infinity
  /** Epoch milliseconds; -Infinity: as long as anybody knows. */
  since = -Infinity

  constructor(key: string) {
    this.#key = key
  }

  /** What was before `now` tells nothing of what comes. */
  restart(now: number): void {
    this.since = now
    this.#changedAt = now
  }

  update(key: string, now: number): void {
    if (key === this.#key) return
    this.#key = key
    if (now - this.#changedAt >= settled || now < this.#changedAt) this.since = now
    this.#changedAt = now
  }
}
