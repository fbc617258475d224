import { z } from 'zod'
import { defineProcessor } from '../component/definition.ts'
import { choice, flag, whole } from '../component/settings.ts'
import { SluiceError } from '../errors.ts'
import type { SinkProcessor } from './processor.ts'

const hour = 3_600_000
const mostFailures = 16

interface Failure {
  failures: number
  at: number
  /** Milliseconds for which the sink is left alone. */
  backoff: number
}

export interface LoadBalancing {
  readonly selector: 'round_robin' | 'random'
  readonly backoff: boolean
  /** Milliseconds. */
  readonly mostBackoff: number
  /** 0 (inclusive) to 1. */
  readonly random: () => number
}

/** Shares the deliveries among the sinks that work (flume.md §4.9). */
export class LoadBalanceProcessor implements SinkProcessor {
  readonly #sinks: readonly string[]
  readonly #options: LoadBalancing
  readonly #failures = new Map<string, Failure>()
  #head = 0

  constructor(sinks: readonly string[], options: LoadBalancing) {
    this.#sinks = sinks
    this.#options = options
  }

  order(now: number): readonly string[] {
    const eligible = this.#sinks.filter((sink) => this.#eligibleAt(sink) <= now)
    if (eligible.length < 2) return eligible
    if (this.#options.selector === 'random') {
      for (let index = eligible.length - 1; index > 0; index--) {
        const other = Math.floor(this.#options.random() * (index + 1))
        const [one, two] = [eligible[index], eligible[other]]
        if (one !== undefined && two !== undefined) {
          eligible[index] = two
          eligible[other] = one
        }
      }
      return eligible
    }
    const head = this.#head % eligible.length
    this.#head = (this.#head + 1) % this.#sinks.length
    return [...eligible.slice(head), ...eligible.slice(0, head)]
  }

  succeeded(sink: string): void {
    this.#failures.delete(sink)
  }

  forgive(sink: string): void {
    this.#failures.delete(sink)
  }

  failed(sink: string, now: number): void {
    if (!this.#options.backoff) return
    const last = this.#failures.get(sink)
    const failures = last && now < last.at + last.backoff + hour ? Math.min(last.failures + 1, mostFailures) : 1
    this.#failures.set(sink, {
      failures,
      at: now,
      backoff: Math.min(this.#options.mostBackoff, 1000 * 2 ** failures),
    })
  }

  retryAt(now: number): number | undefined {
    const earliest = Math.min(...this.#sinks.map((sink) => this.#eligibleAt(sink)))
    return earliest > now ? earliest : undefined
  }

  #eligibleAt(sink: string): number {
    const failure = this.#failures.get(sink)
    return failure ? failure.at + failure.backoff : -Infinity
  }
}

export const loadBalanceProcessor = defineProcessor({
  type: 'load_balance',
  aliases: ['org.apache.flume.sink.LoadBalancingSinkProcessor'],
  summary: 'Shares the deliveries among its sinks.',
  differences: [
    'A delivery forgives earlier failures; in Flume only an hour without a failure does.',
    'When every sink waits after a failure, the group waits for the first of them.',
  ],
  settings: z.object({
    selector: choice(['round_robin', 'random']).default('round_robin').describe('Which sink comes next.'),
    backoff: flag().default(false).describe('Whether a sink that failed is left alone for a growing time.'),
    'selector.maxTimeOut': whole()
      .default(30_000)
      .describe('Longest time in milliseconds that a failed sink is left alone.'),
  }),
  create: (settings, context) => {
    if (context.sinks.length < 2)
      throw new SluiceError('SLUICE_CONFIG', `the load_balance processor of ${context.name} needs two sinks or more`)
    return new LoadBalanceProcessor(context.sinks, {
      selector: settings.selector,
      backoff: settings.backoff,
      mostBackoff: settings['selector.maxTimeOut'],
      random: Math.random,
    })
  },
})
