import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { AgentDatabase } from '../../core/agent/agent-database.ts'
import { History } from '../../core/metrics/history.ts'
import { HistoryRing } from '../../core/metrics/history-ring.ts'

const start = 1_800_000_000_000

describe('a history ring', () => {
  test('agrees with keeping every sample', () => {
    const samples = fc.array(
      fc.record({ step: fc.integer({ min: 0, max: 7_000 }), value: fc.integer({ min: -100, max: 100 }) }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(
        samples,
        fc.integer({ min: 1, max: 40 }),
        fc.nat(30_000),
        fc.nat(60_000),
        (steps, most, ago, span) => {
          const ring = new HistoryRing(1_000, 30)
          const all: { at: number; value: number }[] = []
          let at = start
          for (const { step, value } of steps) {
            at += step
            ring.add(at, value)
            all.push({ at, value })
          }
          // What 30 slots can still hold at the time of the newest sample.
          const newest = Math.floor(at / 1_000)
          const from = at - ago
          const to = from + span
          const first = Math.floor(from / 1_000)
          const end = Math.ceil(to / 1_000)
          const width = Math.max(1, Math.ceil((end - first) / most))
          const kept = all.filter((one) => Math.floor(one.at / 1_000) > newest - 30)
          const expected = []
          for (let bucket = first; bucket < end; bucket += width) {
            const inside = kept.filter(({ at: time }) => {
              const own = Math.floor(time / 1_000)
              return own >= bucket && own < Math.min(end, bucket + width)
            })
            const last = inside.at(-1)
            if (!last) continue
            const values = inside.map(({ value }) => value)
            expected.push({ t: bucket * 1_000, min: Math.min(...values), max: Math.max(...values), last: last.value })
          }
          const got = ring.query(from, to, most)
          // Slots that nothing has overwritten yet may answer for longer: never with anything false.
          expect(got.filter(({ t }) => t / 1_000 > newest - 30)).toEqual(
            expected.filter(({ t }) => t / 1_000 > newest - 30),
          )
          expect(got.length).toBeLessThanOrEqual(most)
        },
      ),
    )
  })
})

describe('history', () => {
  test('answers from the finest width that reaches back', () => {
    const history = new History(new AgentDatabase(':memory:'))
    for (let second = 0; second < 1_200; second++) history.add('s', start + second * 1_000, second)
    const now = start + 1_199_000
    expect(history.query('s', now - 60_000, now, 600, now).width).toBe(1_000)
    const hour = history.query('s', now - 3_600_000, now, 600, now)
    expect(hour.width).toBe(10_000)
    expect(hour.points).toHaveLength(120)
    expect(hour.points[1]).toEqual({ t: start + 10_000, min: 10, max: 19, last: 19 })
    expect(history.query('s', now - 86_000_000, now, 600, now).width).toBe(60_000)
    expect(history.query('s', now - 30 * 86_400_000, now, 600, now).width).toBe(600_000)
    expect(history.query('s', now - 600_000, now, 100, now).points.length).toBeLessThanOrEqual(100)
    expect(history.query('nobody', now - 60_000, now, 600, now).points).toEqual([])
  })

  test('outlives the process, and a bucket goes on where it was', () => {
    const database = new AgentDatabase(':memory:')
    const before = new History(database)
    before.add('s', start, 5)
    before.add('s', start + 1_000, 50)
    before.flush(start + 1_000)
    const after = new History(database)
    after.add('s', start + 2_000, 20)
    after.flush(start + 2_000)
    const last = new History(database)
    const now = start + 2_500
    expect(last.query('s', start, now, 100, now).points).toEqual([
      { t: start, min: 5, max: 5, last: 5 },
      { t: start + 1_000, min: 50, max: 50, last: 50 },
      { t: start + 2_000, min: 20, max: 20, last: 20 },
    ])
    const twoHours = last.query('s', now - 7_200_000, now, 1_000, now)
    expect(twoHours.points).toEqual([{ t: start, min: 5, max: 50, last: 20 }])
  })
})
