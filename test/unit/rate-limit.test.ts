import { describe, expect, test } from 'vitest'
import { RateLimit } from '../../core/agent/rate-limit.ts'
import { ManualClock, settle } from '../agent/manual-clock.ts'

const { signal } = new AbortController()

describe('a rate limit', () => {
  test('lets everything through without a rate', async () => {
    expect(await new RateLimit(new ManualClock()).allowance(500, signal)).toBe(500)
  })

  test('keeps to the rate over time, without a burst after idleness', async () => {
    const clock = new ManualClock()
    const limit = new RateLimit(clock)
    limit.set(1_000)
    await clock.advance(60_000)
    const begin = clock.now()
    let taken = 0
    const over = new AbortController()
    const taking = (async () => {
      while (!over.signal.aborted) {
        const count = await limit.allowance(400, signal)
        limit.spend(count)
        taken += count
      }
    })()
    await clock.advance(10_000)
    over.abort()
    await clock.advance(1_000)
    await taking
    const seconds = (clock.now() - begin) / 1_000
    expect(taken).toBeGreaterThanOrEqual(9_800)
    expect(taken).toBeLessThanOrEqual(1_000 * seconds + 100)
  })

  test('works below one event a second', async () => {
    const clock = new ManualClock()
    const limit = new RateLimit(clock)
    limit.set(0.5)
    let got = 0
    void limit.allowance(10, signal).then((count) => (got = count))
    await clock.advance(1_900)
    expect(got).toBe(0)
    await clock.advance(200)
    expect(got).toBe(1)
  })

  test('ends the wait when the limit ends', async () => {
    const clock = new ManualClock()
    const limit = new RateLimit(clock)
    limit.set(1)
    let got = 0
    void limit.allowance(10, signal).then((count) => (got = count))
    await settle()
    limit.set(undefined)
    await settle()
    expect(got).toBe(10)
  })
})
