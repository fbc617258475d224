import { describe, expect, test } from 'vitest'
import { bandAt, bandPoints } from '../../../renderer/parts/chart/chart-band.ts'
import { expectationOf } from '../../../renderer/views/channel/forecast-band.ts'
import { fc } from '../../property-checks.ts'

const now = 1_000_000
const minute = 60_000

describe('the band of a forecast', () => {
  test('goes straight to its goal, early and late, and stays there', () => {
    const band = bandPoints({ now, value: 100, goal: 200, seconds: 60, low: 30, high: 120 }, now + 4 * minute)
    expect(band.map(({ x }) => (x - now) / 1_000)).toEqual([0, 30, 60, 120, 240])
    expect(band.map(({ earliest }) => earliest)).toEqual([100, 200, 200, 200, 200])
    expect(band.map(({ likely }) => likely)).toEqual([100, 150, 200, 200, 200])
    expect(band.map(({ latest }) => latest)).toEqual([100, 125, 150, 200, 200])
    expect(bandAt(band, now + 15_000)).toMatchObject({ earliest: 150, likely: 125, latest: 112.5 })
    expect(bandAt(band, now - 1)).toBeUndefined()
    expect(bandAt(band, now + 5 * minute)).toBeUndefined()
  })

  test('of what perhaps never comes stays where it is on its late side', () => {
    const band = bandPoints({ now, value: 100, goal: 0, seconds: 60, low: 30, high: null }, now + minute / 2)
    expect(band).toEqual([
      { x: now, earliest: 100, likely: 100, latest: 100 },
      { x: now + minute / 2, earliest: 0, likely: 50, latest: 100 },
    ])
  })

  test('begins at the value, never leaves the way to the goal, and its edges keep their order', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000 })
    const seconds = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(amount, amount, seconds, seconds, seconds, fc.boolean(), (value, goal, a, b, c, never) => {
        const [low = 0, middle = 0, high = 0] = [a, b, c].sort((one, other) => one - other)
        const until = now + 3_600_000
        const band = bandPoints({ now, value, goal, seconds: middle, low, high: never ? null : high }, until)
        expect(band[0]?.x).toBe(now)
        expect(band.at(-1)?.x).toBe(until)
        for (const { earliest, likely, latest } of band) {
          for (const one of [earliest, likely, latest]) {
            expect(one).toBeGreaterThanOrEqual(Math.min(value, goal) - 1e-6)
            expect(one).toBeLessThanOrEqual(Math.max(value, goal) + 1e-6)
          }
          const way = Math.sign(goal - value)
          expect((earliest - likely) * way).toBeGreaterThanOrEqual(-1e-6)
          expect((likely - latest) * way).toBeGreaterThanOrEqual(-1e-6)
        }
      }),
    )
  })
})

describe('what a chart expects', () => {
  const span = 15 * minute
  const none = { full: null, drained: null, reason: 'not known yet' }
  const channel = { events: 500, bytes: 50_000, capacity: 1_000, byteCapacity: 1_000_000, forecast: none }
  const clock = { seconds: 100, low: 50, high: 200 }

  test('is nothing without a forecast, when the goal is reached, and when it is too far away to be drawn', () => {
    expect(expectationOf(channel, 'events', now, span)).toBeUndefined()
    const reached = { ...none, full: { seconds: 0, low: 0, high: 0, limit: 'events' as const } }
    expect(expectationOf({ ...channel, forecast: reached }, 'events', now, span)).toBeUndefined()
    const far = { ...none, drained: { seconds: 9_000, low: 8_000, high: null } }
    expect(expectationOf({ ...channel, forecast: far }, 'events', now, span)).toBeUndefined()
    expect(expectationOf({ ...channel, forecast: far }, 'events', now, 16 * span)).toMatchObject({
      goal: 0,
      high: null,
    })
  })

  test('is what fills first, in the measure that is shown', () => {
    const events = { ...channel, forecast: { ...none, full: { ...clock, limit: 'events' as const } } }
    expect(expectationOf(events, 'events', now, span)).toEqual({ now, value: 500, goal: 1_000, ...clock })
    expect(expectationOf(events, 'bytes', now, span)).toMatchObject({ value: 50_000, goal: 100_000 })
    const bytes = { ...channel, forecast: { ...none, full: { ...clock, limit: 'bytes' as const } } }
    expect(expectationOf(bytes, 'events', now, span)).toMatchObject({ goal: 10_000 })
    // The age of the oldest has no goal, and what others write to a disk is not the channel's.
    expect(expectationOf(events, 'age', now, span)).toBeUndefined()
    const disk = { ...channel, forecast: { ...none, full: { ...clock, limit: 'disk' as const } } }
    expect(expectationOf(disk, 'events', now, span)).toBeUndefined()
  })
})
