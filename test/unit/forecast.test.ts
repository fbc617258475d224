import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import type { FlowSamples } from '../../core/forecast/flow-rates.ts'
import { type ChannelNow, type Forecast, forecast } from '../../core/forecast/forecast.ts'

const now = 1_790_000_000_000
const second = 1_000

/** What a channel with these flows went through: `inAt` and `outAt` give events a second at each second before now. */
function history(
  seconds: number,
  flow: { inAt: (t: number) => number; outAt?: (t: number) => number; freeAt?: (t: number) => number; start?: number },
) {
  const { inAt, outAt = () => 0, freeAt, start = 0 } = flow
  const at: number[] = []
  const received: number[] = []
  const events: number[] = []
  const free: number[] = []
  let came = 0
  let waiting = start
  for (let t = -seconds; t <= 0; t++) {
    if (t > -seconds) {
      came += inAt(t)
      waiting = Math.max(0, waiting + inAt(t) - outAt(t))
    }
    at.push(now + t * second)
    received.push(came)
    events.push(waiting)
    if (freeAt) free.push(freeAt(t))
  }
  const samples = (span: number): FlowSamples => {
    const from = at.findIndex((time) => time >= now - span)
    const series = (values: readonly number[]) =>
      values.length === 0 ? { at: [], values: [] } : { at: at.slice(from), values: values.slice(from) }
    return {
      received: series(received),
      events: series(events),
      bytes: series(events.map((one) => one * 100)),
      free: series(free),
    }
  }
  return { samples, waiting }
}

function forecastOf(past: ReturnType<typeof history>, change: Partial<ChannelNow> = {}): Forecast {
  const channel: ChannelNow = {
    now,
    events: past.waiting,
    bytes: past.waiting * 100,
    capacity: 1_000_000,
    byteCapacity: Infinity,
    freeDisk: undefined,
    leastFreeDisk: 0,
    full: undefined,
    rateLimit: undefined,
    since: { in: -Infinity, out: -Infinity },
    inStopped: '',
    outStopped: '',
    ...change,
  }
  return forecast(channel, past.samples)
}

describe('time until full', () => {
  test('a constant rate gives the exact time and no band', () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 50_000 }), fc.integer({ min: 60, max: 900 }), (rate, seconds) => {
        const past = history(seconds, { inAt: () => rate })
        const capacity = past.waiting + rate * 600
        const { full } = forecastOf(past, { capacity })
        expect(full?.seconds).toBeCloseTo(600, 6)
        expect(full?.low).toBeCloseTo(600, 6)
        expect(full?.high).toBeCloseTo(600, 6)
        expect(full?.limit).toBe('events')
      }),
    )
  })

  test('is never negative, and its band holds it, whatever happened', () => {
    const rates = fc.array(fc.tuple(fc.nat(10_000), fc.nat(10_000)), { minLength: 0, maxLength: 400 })
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 2_000_000 }), (flows, capacity) => {
        const flow = (t: number) => flows[flows.length - 1 + t] ?? [0, 0]
        const past = history(flows.length, { inAt: (t) => flow(t)[0], outAt: (t) => flow(t)[1] })
        const { full, drained } = forecastOf(past, { capacity })
        for (const clock of [full, drained]) {
          if (clock === null) continue
          expect(clock.low).toBeGreaterThanOrEqual(0)
          expect(clock.seconds).toBeGreaterThanOrEqual(clock.low)
          if (clock.high !== null) expect(clock.high).toBeGreaterThanOrEqual(clock.seconds)
        }
      }),
    )
  })

  test('one burst does not move it much', () => {
    const calm = history(600, { inAt: () => 1_000 })
    const burst = history(600, { inAt: (t) => (t === -100 ? 200_000 : 1_000) })
    const room = { capacity: 1_500_000 }
    const expected = (1_500_000 - burst.waiting) / 1_000
    expect(forecastOf(burst, room).full?.seconds).toBeGreaterThan(expected * 0.95)
    expect(forecastOf(burst, room).full?.seconds).toBeLessThan(expected * 1.05)
    expect(forecastOf(calm, room).full?.seconds).toBeCloseTo(900, 6)
  })

  test('an on and off pattern has a wide band around what it comes to', () => {
    const past = history(900, { inAt: (t) => (Math.floor(t / 60) % 2 === 0 ? 2_000 : 0) })
    const { full } = forecastOf(past, { capacity: past.waiting + 1_000 * 1_000 })
    expect(full?.seconds).toBeGreaterThan(700)
    expect(full?.seconds).toBeLessThan(1_400)
    expect(full?.low).toBeLessThan(600)
    expect(full?.high).toBeNull()
  })

  test('too little is not known yet', () => {
    const past = history(10, { inAt: () => 1_000 })
    expect(forecastOf(past)).toMatchObject({ full: null, drained: null, reason: 'not known yet: seen for 10 seconds' })
    expect(forecastOf(history(0, { inAt: () => 0, start: 5 })).full).toBeNull()
  })

  test('a steady relay does not fill', () => {
    const past = history(900, { inAt: () => 1_000, outAt: () => 1_000, start: 500 })
    expect(forecastOf(past)).toMatchObject({ full: null, reason: 'it does not fill; it does not empty' })
  })

  test('after the upstream went down what comes in counts, not what went out before', () => {
    const past = history(900, { inAt: () => 1_000, outAt: (t) => (t < -5 ? 1_000 : 0) })
    const down = { since: { in: -Infinity, out: now - 5 * second }, outStopped: 'k1 waits for upstream' }
    const { full, drained, reason } = forecastOf(past, { capacity: past.waiting + 500_000, ...down })
    expect(full?.seconds).toBeCloseTo(500, 6)
    expect(drained).toBeNull()
    expect(reason).toBe('nothing leaves: k1 waits for upstream')
  })

  test('names what is first: events, bytes or the disk that others eat', () => {
    const past = history(900, { inAt: () => 100, freeAt: (t) => 10_000_000 - t * 10_000 })
    const room = (events: number, bytes: number, disk: number) =>
      forecastOf(past, {
        capacity: past.waiting + events,
        byteCapacity: past.waiting * 100 + bytes,
        freeDisk: 1_000 + disk,
        leastFreeDisk: 1_000,
      }).full
    expect(room(1_000, 1e9, 1e9)).toMatchObject({ limit: 'events' })
    expect(room(1_000_000, 100_000, 1e9)).toMatchObject({ limit: 'bytes' })
    expect(room(1_000_000, 100_000, 1e9)?.seconds).toBeCloseTo(10, 6)
    const disk = room(1_000_000, 1e9, 1_200_000)
    expect(disk).toMatchObject({ limit: 'disk' })
    // 10,000 bytes a second are taken in all: by whom does not matter.
    expect(disk?.seconds).toBeCloseTo(120, 6)
  })

  test('a disk that others eat fills a channel in which nothing happens', () => {
    const past = history(900, { inAt: () => 0, freeAt: (t) => 50_000_000 - t * 20_000 })
    const { full } = forecastOf(past, { freeDisk: 2_000_000, inStopped: 'paused', outStopped: 'paused' })
    expect(full).toMatchObject({ limit: 'disk' })
    expect(full?.seconds).toBeCloseTo(100, 6)
  })

  test('what is full is full now', () => {
    const past = history(100, { inAt: () => 10 })
    expect(forecastOf(past, { full: 'disk' }).full).toEqual({ seconds: 0, low: 0, high: 0, limit: 'disk' })
    expect(forecastOf(past, { capacity: 5 }).full).toEqual({ seconds: 0, low: 0, high: 0, limit: 'events' })
  })

  test('a channel without a limit never fills', () => {
    expect(forecastOf(history(100, { inAt: () => 10 }), { capacity: Infinity }).reason).toContain('it has no limit')
  })
})

describe('time until drained', () => {
  test('a constant rate gives the exact time', () => {
    const past = history(120, { inAt: () => 100, outAt: () => 1_100, start: 1_000_000 })
    const { drained } = forecastOf(past, { capacity: 2_000_000 })
    expect(drained?.seconds).toBeCloseTo(past.waiting / 1_000, 6)
  })

  test('a drain that has just begun counts what leaves, not what came in before', () => {
    const past = history(300, { inAt: (t) => (t < -30 ? 900 : 0), outAt: () => 1_000, start: 400_000 })
    const { drained } = forecastOf(past, { since: { in: now - 30 * second, out: -Infinity }, inStopped: 'paused' })
    expect(drained?.seconds).toBeCloseTo(past.waiting / 1_000, 6)
  })

  test('an empty channel is drained', () => {
    const past = history(100, { inAt: () => 10, outAt: () => 10 })
    expect(forecastOf(past).drained).toEqual({ seconds: 0, low: 0, high: 0 })
  })

  test('a rate limit that was just set bounds what leaves', () => {
    const past = history(300, { inAt: () => 0, outAt: () => 5_000, start: 3_000_000 })
    const limited = { rateLimit: 1_000, since: { in: -Infinity, out: now - 25 * second } }
    const { drained } = forecastOf(past, { capacity: 5_000_000, ...limited })
    expect(drained?.seconds).toBeCloseTo(past.waiting / 1_000, 6)
  })
})
