import { fc } from '../../property-checks.ts'
import { describe, expect, test } from 'vitest'
import type { HistoryBucket } from '../../../core/metrics/history-ring.ts'
import { decimalStep, timeStep, timeTicks, valueTicks } from '../../../renderer/parts/chart/axis-ticks.ts'
import { bucketAt, bucketPoints, tableRows } from '../../../renderer/parts/chart/chart-line.ts'
import { type ChartMark, placeMarks } from '../../../renderer/parts/chart/chart-mark.ts'
import { joinBuckets, slideWindow } from '../../../renderer/views/channel/history-window.ts'

const bucket = (t: number, min: number, max = min, last = max): HistoryBucket => ({ t, min, max, last })

describe('axes', () => {
  test('ticks of values reach over the highest one, and are few', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        fc.integer({ min: 2, max: 8 }),
        fc.constantFrom(decimalStep, timeStep),
        (max, most, step) => {
          const ticks = valueTicks(max, most, step)
          expect(ticks[0]).toBe(0)
          expect(ticks.length).toBeLessThanOrEqual(most + 1)
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-8))
        },
      ),
    )
  })

  test('counts are ticked as people count, durations as clocks do', () => {
    expect(valueTicks(870, 4, decimalStep)).toEqual([0, 500, 1000])
    expect(valueTicks(200_000, 4, timeStep)).toEqual([0, 60_000, 120_000, 180_000, 240_000])
    expect(valueTicks(0, 4, decimalStep)).toEqual([0, 1])
  })

  test('ticks of time lie at round local minutes', () => {
    const from = Date.UTC(2026, 10, 23, 9, 3, 17)
    const ticks = timeTicks(from, from + 15 * 60_000, 8)
    expect(ticks.every((at) => at % 120_000 === 0)).toBe(true)
    expect(ticks.length).toBeGreaterThan(5)
  })
})

describe('lines', () => {
  test('a spike within a bucket is drawn', () => {
    const points = bucketPoints([bucket(0, 1), bucket(10, 1, 900, 2), bucket(20, 2)], 10)
    expect(points.map(({ y }) => y)).toEqual([1, 1, 900, 2])
  })

  test('the line ends where nothing was measured', () => {
    const points = bucketPoints([bucket(0, 1), bucket(10, 1), bucket(100, 5)], 10)
    expect(points.some(({ y }) => Number.isNaN(y))).toBe(true)
    expect(bucketAt([bucket(0, 1), bucket(100, 5)], 50, 10)).toBeUndefined()
    expect(bucketAt([bucket(0, 1), bucket(100, 5)], 105, 10)?.last).toBe(5)
  })

  test('the table says least, most and last of each row, the newest first', () => {
    const line = { name: 'Events', colour: '--series-1', buckets: [bucket(0, 1), bucket(10, 7, 9, 8), bucket(50, 3)] }
    expect(tableRows([line], 0, 60, 3)).toEqual([
      { t: 40, values: [{ min: 3, max: 3, last: 3 }] },
      { t: 0, values: [{ min: 1, max: 9, last: 8 }] },
    ])
  })
})

describe('a window of history', () => {
  const buckets = fc
    .uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 60 })
    .map((times) => times.sort((a, b) => a - b).map((t) => bucket(t, t % 7, (t % 7) + (t % 3))))

  test('joined buckets keep the least, the most and the last', () => {
    fc.assert(
      fc.property(buckets, fc.integer({ min: 1, max: 50 }), (points, width) => {
        const joined = joinBuckets(points, width)
        for (const one of joined) {
          const inside = points.filter(({ t }) => t >= one.t && t < one.t + width)
          expect(one.min).toBe(Math.min(...inside.map(({ min }) => min)))
          expect(one.max).toBe(Math.max(...inside.map(({ max }) => max)))
          expect(one.last).toBe(inside.at(-1)?.last)
        }
        expect(new Set(joined.map(({ t }) => t)).size).toBe(joined.length)
      }),
    )
  })

  test('what is new takes the place of what was, as if all had been asked for at once', () => {
    fc.assert(
      fc.property(buckets, fc.integer({ min: 1, max: 9 }), fc.nat(400), fc.nat(60), (points, width, seen, from) => {
        const start = Math.ceil(from / width) * width
        const all = (to: number) =>
          joinBuckets(
            points.filter(({ t }) => t >= start && t < to),
            width,
          )
        const known = all(seen)
        const since = known.at(-1)?.t ?? start
        const fresh = joinBuckets(
          points.filter(({ t }) => t >= since),
          width,
        )
        expect(slideWindow(known, fresh, start)).toEqual(all(Infinity))
      }),
    )
  })
})

describe('marks', () => {
  const mark = (from: number, to: number | null, kind: ChartMark['kind'] = 'outage'): ChartMark => ({
    ...{ id: from, kind, from, to },
    text: `at ${from}`,
  })

  test('what lasts is a band to the end, what is over and older is not there', () => {
    expect(placeMarks([mark(-50, -10), mark(50, null)], 0, 100, 0.01)).toEqual([
      { left: 0.5, width: 0.5, sign: '▲', tone: 'warn', texts: ['at 50'] },
    ])
  })

  test('moments that would cover each other are one flag with all texts', () => {
    const placed = placeMarks(
      [mark(10, 10, 'action'), mark(10.5, 10.5, 'reload'), mark(80, 80, 'action')],
      0,
      100,
      0.01,
    )
    expect(placed.map(({ texts }) => texts)).toEqual([['at 10', 'at 10.5'], ['at 80']])
    expect(placed[0]?.sign).toBe('…')
  })
})
