import { z } from 'zod'
import { defineProcessor } from '../component/definition.ts'
import { named, whole } from '../component/settings.ts'
import { SluiceError } from '../errors.ts'
import type { SinkProcessor } from './processor.ts'

interface Penalty {
  failures: number
  until: number
}

/** `min(most, 2^failures s)`: 2 s, 4 s, 8 s … (flume.md §4.9, without its 32-bit overflow). */
export function penaltyMilliseconds(failures: number, most: number): number {
  return Math.min(most, 1000 * 2 ** Math.min(failures, 40))
}

/**
 * The sink of the highest priority works until it fails; then the next does. A failed sink is tried again when its
 * penalty is over: before the active one when it is better, so that the best sink that works is the one that is used.
 */
export class FailoverProcessor implements SinkProcessor {
  readonly #byPriority: readonly string[]
  readonly #mostPenalty: number
  readonly #penalties = new Map<string, Penalty>()

  /** `byPriority`: best first. `mostPenalty`: milliseconds. */
  constructor(byPriority: readonly string[], mostPenalty: number) {
    this.#byPriority = byPriority
    this.#mostPenalty = mostPenalty
  }

  order(now: number): readonly string[] {
    if (this.#penalties.size === 0) return this.#byPriority
    return this.#byPriority.filter((sink) => (this.#penalties.get(sink)?.until ?? 0) <= now)
  }

  succeeded(sink: string): void {
    this.#penalties.delete(sink)
  }

  forgive(sink: string): void {
    this.#penalties.delete(sink)
  }

  failed(sink: string, now: number): void {
    const failures = (this.#penalties.get(sink)?.failures ?? 0) + 1
    this.#penalties.set(sink, { failures, until: now + penaltyMilliseconds(failures, this.#mostPenalty) })
  }

  retryAt(now: number): number | undefined {
    let earliest: number | undefined
    for (const sink of this.#byPriority) {
      const until = this.#penalties.get(sink)?.until
      if (until === undefined || until <= now) return undefined
      earliest = Math.min(earliest ?? until, until)
    }
    return earliest
  }
}

export const failoverProcessor = defineProcessor({
  type: 'failover',
  aliases: ['org.apache.flume.sink.FailoverSinkProcessor'],
  summary: 'Uses the sink of the highest priority that works.',
  differences: [
    'The penalty of a sink that keeps failing stays at `maxpenalty`; in Flume it overflows at the 22nd failure.',
    'A recovering sink with nothing to send does not hold up the group.',
    'Two sinks of the same priority are an error; Flume drops one of them.',
  ],
  settings: z.object({
    'priority.*': named().default({}).describe('`priority.<sink>`: a whole number; the largest is used first.'),
    maxpenalty: whole().default(30_000).describe('Longest time in milliseconds that a failed sink is left alone.'),
  }),
  create: (settings, context) => {
    let missing = 0
    const priorities = new Map<number, string>()
    for (const sink of context.sinks) {
      const text = settings['priority.*'][sink]?.trim()
      if (text !== undefined && !/^[+-]?\d+$/.test(text))
        throw new SluiceError('SLUICE_CONFIG', `priority.${sink} is ${text}: give a whole number`)
      const priority = text === undefined ? --missing : Number(text)
      const other = priorities.get(priority)
      if (other !== undefined)
        throw new SluiceError(
          'SLUICE_CONFIG',
          `sinks ${other} and ${sink} both have the priority ${priority}: give each its own`,
        )
      priorities.set(priority, sink)
    }
    const byPriority = [...priorities].sort(([a], [b]) => b - a).map(([, sink]) => sink)
    return new FailoverProcessor(byPriority, settings.maxpenalty)
  },
})
