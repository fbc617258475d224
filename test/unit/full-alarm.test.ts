import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { durationText } from '../../core/agent/duration-text.ts'
import { FullAlarm } from '../../core/agent/full-alarm.ts'

const hour = 3_600
const inSeconds = (seconds: number) => ({ seconds, low: seconds, high: seconds, limit: 'events' as const })

/** Looks once a second; returns what was told. */
function told(alarm: FullAlarm, from: number, seconds: number, at: (second: number) => number | null) {
  const said: string[] = []
  for (let second = 0; second < seconds; second++) {
    const left = at(second)
    const code = alarm.update(left === null ? null : inSeconds(left), (from + second) * 1000)
    if (code !== undefined) said.push(code)
  }
  return said
}

describe('the alarm that a channel fills', () => {
  test('speaks once for each threshold as time runs out', () => {
    const said = told(new FullAlarm(), 0, 30 * hour, (second) => 30 * hour - second)
    expect(said).toEqual(['full-in-24h', 'full-in-4h', 'full-in-1h'])
  })

  test('speaks of the nearest only when a channel fills at once', () => {
    expect(told(new FullAlarm(), 0, 100, () => 600)).toEqual(['full-in-1h'])
  })

  test('does not speak of what lasts a moment', () => {
    expect(told(new FullAlarm(), 0, 1_000, (second) => (second % 20 < 8 ? 100 : null))).toEqual([])
  })

  test('does not flap about a threshold', () => {
    const said = told(new FullAlarm(), 0, 5_000, (second) => (Math.floor(second / 120) % 2 === 0 ? 0.9 : 1.1) * hour)
    expect(said).toEqual(['full-in-1h'])
  })

  test('takes back what it said when there is time again for a minute, and may say it again', () => {
    const alarm = new FullAlarm()
    expect(told(alarm, 0, 60, () => 600)).toEqual(['full-in-1h'])
    expect(told(alarm, 60, 50, () => null)).toEqual([])
    expect(told(alarm, 110, 20, () => null)).toEqual(['over'])
    expect(told(alarm, 130, 60, () => 600)).toEqual(['full-in-1h'])
  })

  test('never says the same thing twice in a row, whatever the forecast', () => {
    const steps = fc.array(fc.tuple(fc.option(fc.integer({ min: 1, max: 200_000 })), fc.integer({ min: 1, max: 200 })))
    fc.assert(
      fc.property(steps, (phases) => {
        const alarm = new FullAlarm()
        const said: string[] = []
        let at = 0
        for (const [left, length] of phases) {
          said.push(...told(alarm, at, length, () => left))
          at += length
        }
        for (const [index, code] of said.entries())
          if (index > 0) expect(code === 'over' && said[index - 1] === 'over').toBe(false)
        const overs = said.filter((code) => code === 'over').length
        expect(overs).toBeLessThanOrEqual(said.length - overs)
      }),
    )
  })
})

test('a time is said in words', () => {
  expect(durationText(40)).toBe('40 seconds')
  expect(durationText(600)).toBe('10 minutes')
  expect(durationText(3 * hour + 1_200)).toBe('3 h 20 min')
  expect(durationText(4 * hour)).toBe('4 h')
  expect(durationText(53 * hour)).toBe('2 days 5 h')
})
