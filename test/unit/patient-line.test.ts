import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { PatientLine } from '../../core/agent/patient-line.ts'
import type { Lane } from '../../core/channel/channel.ts'

/** Keeps the contract of a channel's lanes: admits in the order of the calls; once one fails, all behind it do. */
class LaneChannel {
  readonly stored: number[] = []
  readonly #plan: boolean[]
  #queue: Promise<void> = Promise.resolve()

  /** `plan`: which of the admissions succeed; all do when it has run out. */
  constructor(plan: boolean[]) {
    this.#plan = [...plan]
  }

  put(number: number, lane: Lane): Promise<void> {
    const admitted = this.#queue.then(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      if (lane.failed !== undefined) throw lane.failed as Error
      if (this.#plan.shift() === false) {
        lane.failed = new Error(`full at ${number}`)
        throw lane.failed as Error
      }
      this.stored.push(number)
    })
    this.#queue = admitted.catch(() => undefined)
    return admitted
  }
}

const { signal } = new AbortController()

describe('a patient line', () => {
  test('stores every put once and in order, whatever fails', async () => {
    const plans = fc.array(fc.boolean(), { maxLength: 30 })
    const pauses = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(plans, pauses, async (plan, pause) => {
        const channel = new LaneChannel(plan)
        const line = new PatientLine()
        const puts: Promise<void>[] = []
        for (let number = 0; number < 12; number++) {
          puts.push(
            line.run(
              (lane) => channel.put(number, lane),
              () => Promise.resolve(),
              signal,
            ),
          )
          if (pause[number]) await new Promise((resolve) => setImmediate(resolve))
        }
        await Promise.all(puts)
        expect(channel.stored).toEqual(Array.from({ length: 12 }, (_, number) => number))
      }),
      { numRuns: 60 },
    )
  })

  test('ends with what cannot be waited for, and lets nothing overtake it', async () => {
    const channel = new LaneChannel([true, false])
    const line = new PatientLine()
    const giveUp = (error: unknown): Promise<void> => {
      throw error
    }
    const results = await Promise.allSettled(
      [0, 1, 2].map((number) => line.run((lane) => channel.put(number, lane), giveUp, signal)),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(channel.stored).toEqual([0])
  })

  test('rejects those who wait when the signal aborts', async () => {
    const controller = new AbortController()
    const line = new PatientLine()
    const first = line.run(
      () => Promise.reject(new Error('full')),
      () => new Promise((resolve) => controller.signal.addEventListener('abort', () => resolve())),
      controller.signal,
    )
    const second = line.run(
      () => Promise.reject(new Error('full')),
      () => Promise.resolve(),
      controller.signal,
    )
    setImmediate(() => controller.abort())
    await expect(first).rejects.toThrow(/given up/)
    await expect(second).rejects.toThrow()
  })
})
