import type { EventRanges } from '../channel/event-ranges.ts'

/** Which event numbers wait, as of one moment, and the place of each among them: 0 is the oldest. */
export class WaitingEvents {
  readonly low: number
  readonly next: number
  readonly #settled: EventRanges

  /** `settled`: what is settled at or above `low`. */
  constructor(low: number, next: number, settled: EventRanges) {
    this.low = low
    this.next = next
    this.#settled = settled
  }

  get total(): number {
    return this.positionOf(this.next)
  }

  /** The number of the event at `position`; `next` when there are not as many. */
  numberAt(position: number): number {
    let number = this.low + position
    for (const [first, next] of this.#settled) {
      if (next <= this.low) continue
      if (first > number) break
      number += next - Math.max(first, this.low)
    }
    return Math.min(number, this.next)
  }

  /** How many waiting events have a lower number. */
  positionOf(number: number): number {
    if (number <= this.low) return 0
    const below = this.#settled.within(this.low, Math.min(number, this.next))
    return Math.min(number, this.next) - this.low - below.reduce((sum, [first, next]) => sum + next - first, 0)
  }
}
