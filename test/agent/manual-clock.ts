import type { Clock } from '../../core/clock.ts'

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  #now: number
  #sleeps: { at: number; wake: () => void }[] = []

  constructor(now = 1_800_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve()
        return
      }
      const sleeping = { at: this.#now + milliseconds, wake: resolve }
      this.#sleeps.push(sleeping)
      signal?.addEventListener('abort', () => {
        this.#sleeps = this.#sleeps.filter((one) => one !== sleeping)
        resolve()
      })
    })
  }

  /** Moves on, waking each sleeper at its time, and lets what they do settle. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await settle()
    for (;;) {
      const next = this.#sleeps.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#sleeps = this.#sleeps.filter((one) => one !== next)
      next.wake()
      await settle()
    }
    this.#now = end
    await settle()
  }
}

/** Lets promises that are ready run to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
