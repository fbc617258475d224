import { expect, it } from 'vitest'
import { Backoff, peerBackoff, startBackoff } from '../../core/agent/backoff.ts'

it('waits twice as long each time, up to a limit that no outage moves', () => {
  const longest = () => 1 - Number.EPSILON
  for (const limits of [peerBackoff, startBackoff]) {
    const backoff = new Backoff(limits, longest)
    const waits = Array.from({ length: 10_000 }, () => Math.round(backoff.next()))
    expect(waits.slice(0, 3)).toEqual([limits.first, 2 * limits.first, 4 * limits.first])
    // After every fault what is fresh passes within ten seconds.
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000)
    backoff.reset()
    expect(Math.round(backoff.next())).toBe(limits.first)
  }
})

it('spreads the waits of many over half of their length', () => {
  const soonest = new Backoff(peerBackoff, () => 0)
  expect([soonest.next(), soonest.next()]).toEqual([peerBackoff.first / 2, peerBackoff.first])
})
