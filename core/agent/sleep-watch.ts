import type { Clock } from '../clock.ts'
import { durationText } from './duration-text.ts'

/** A time in which nothing ran. Epoch milliseconds. */
export interface SleepGap {
  readonly from: number
  readonly to: number
  /** Whether the system said so, or the clocks only let one think so. */
  readonly announced: boolean
}

/** Shorter is a clock that is being set right, or a machine that is busy. Milliseconds. */
const leastGap = 15_000

/**
 * Notices that the machine slept. A monotonic clock (Linux: CLOCK_MONOTONIC) stands still while a machine sleeps and the
 * wall clock goes on, so one that is suddenly ahead tells of it. So does a wall clock that somebody set forward: what
 * was measured over the jump is worth nothing then either. Elsewhere both go on, and the desktop is told.
 */
export class SleepWatch {
  readonly #clock: Clock
  #last: { readonly wall: number; readonly steady: number } | undefined
  #wokenAt = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** At each tick: the gap since the one before, if there was one. */
  look(): SleepGap | undefined {
    const last = this.#last
    const now = { wall: this.#clock.now(), steady: this.#clock.monotonic() }
    this.#last = now
    if (last === undefined) return undefined
    const ahead = now.wall - last.wall - (now.steady - last.steady)
    return ahead < leastGap ? undefined : this.#gap(last.wall, now.wall, false)
  }

  /** The system says that it is awake and has slept since then; undefined where `look` has noticed already. */
  awake(since: number): SleepGap | undefined {
    const noticed = this.#wokenAt > since
    this.#last = { wall: this.#clock.now(), steady: this.#clock.monotonic() }
    return noticed || this.#last.wall - since < leastGap ? undefined : this.#gap(since, this.#last.wall, true)
  }

  #gap(from: number, to: number, announced: boolean): SleepGap {
    this.#wokenAt = to
    return { from, to, announced }
  }
}

/** What is to be read of it in the events and on charts. */
export function sleepText({ from, to, announced }: SleepGap): string {
  const time = durationText((to - from) / 1_000)
  return announced ? `the machine slept for ${time}` : `the machine slept for ${time}, or its clock was set forward`
}
