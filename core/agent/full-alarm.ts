import type { Forecast } from '../forecast/forecast.ts'

const hour = 3_600

/** When the operator hears that a channel fills, the mildest first. */
export const fullAlarms = [
  { code: 'full-in-24h', seconds: 24 * hour },
  { code: 'full-in-4h', seconds: 4 * hour },
  { code: 'full-in-1h', seconds: hour },
] as const
export type FullAlarmCode = (typeof fullAlarms)[number]['code']

/** So long must a forecast say the same before it is told or taken back. Milliseconds. */
const raiseAfter = 10_000
const clearAfter = 60_000
/** What was told is taken back only when there is half as much time again. */
const slack = 1.5

/** Says once, not again and again, that a channel will be full in less than so many hours. */
export class FullAlarm {
  /** How many of the alarms are raised. */
  #level = 0
  #wanted = 0
  #wantedSince = 0

  /** `at`: monotonic milliseconds. Returns the alarm to tell, or that the last one is over. */
  update(full: Forecast['full'], at: number): FullAlarmCode | 'over' | undefined {
    // A channel that is full now is told of as such.
    if (full?.seconds === 0) return undefined
    const seconds = full?.seconds ?? Infinity
    const raised = fullAlarms.filter((alarm) => seconds < alarm.seconds).length
    const kept = fullAlarms.filter((alarm) => seconds < alarm.seconds * slack).length
    const wanted = raised > this.#level ? raised : Math.min(this.#level, kept)
    if (wanted !== this.#wanted) {
      this.#wanted = wanted
      this.#wantedSince = at
    }
    if (wanted === this.#level) return undefined
    if (at - this.#wantedSince < (wanted > this.#level ? raiseAfter : clearAfter)) return undefined
    const worse = wanted > this.#level
    this.#level = wanted
    if (worse) return fullAlarms[wanted - 1]?.code
    return wanted === 0 ? 'over' : undefined
  }
}
