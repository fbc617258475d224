import { describe, expect, test } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { defaultProcessor } from '../../core/processor/default.ts'
import { FailoverProcessor, failoverProcessor, penaltyMilliseconds } from '../../core/processor/failover.ts'
import { LoadBalanceProcessor, loadBalanceProcessor } from '../../core/processor/load-balance.ts'
import { ManualClock } from '../agent/manual-clock.ts'

const context = (sinks: string[]) => ({
  ...{ name: 'g1', agent: 'a1', log: silentLog, clock: new ManualClock(), dataDirectory: '/', baseDirectory: '/' },
  sinks,
})

describe('the default processor', () => {
  test('serves exactly one sink', () => {
    expect(defaultProcessor.create({}, context(['k1'])).order(0)).toEqual(['k1'])
    expect(() => defaultProcessor.create({}, context(['k1', 'k2']))).toThrow(/exactly one sink/)
  })
})

describe('the failover processor', () => {
  const failover = (keys: object, sinks = ['k1', 'k2', 'k3']) =>
    failoverProcessor.create(failoverProcessor.settings.parse(keys), context(sinks))

  test('orders by priority; sinks without one come last in their order', () => {
    expect(failover({ 'priority.*': { k2: '10', k3: '5' } }).order(0)).toEqual(['k2', 'k3', 'k1'])
  })

  test('refuses equal priorities and such that are no numbers', () => {
    expect(() => failover({ 'priority.*': { k1: '5', k2: '5' } })).toThrow(/k1 and k2 both have the priority 5/)
    expect(() => failover({ 'priority.*': { k1: 'high' } })).toThrow(/priority\.k1 is high/)
  })

  test('leaves a failed sink alone for 2, 4, 8, 16, 30 s, and tries it first again afterwards', () => {
    const processor = new FailoverProcessor(['best', 'other'], 30_000)
    let now = 0
    for (const penalty of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      processor.failed('best', now)
      expect(processor.order(now + penalty - 1)).toEqual(['other'])
      expect(processor.order(now + penalty)).toEqual(['best', 'other'])
      now += penalty
    }
    processor.succeeded('best')
    processor.failed('best', now)
    expect(processor.order(now + 2_000)).toEqual(['best', 'other'])
  })

  test('never overflows, however often a sink fails', () => {
    for (let failures = 5; failures < 2_000; failures++) expect(penaltyMilliseconds(failures, 30_000)).toBe(30_000)
  })

  test('says when the first sink is eligible again', () => {
    const processor = new FailoverProcessor(['best', 'other'], 30_000)
    expect(processor.retryAt(0)).toBeUndefined()
    processor.failed('best', 0)
    expect(processor.retryAt(10)).toBeUndefined()
    processor.failed('other', 500)
    expect(processor.order(1_000)).toEqual([])
    expect(processor.retryAt(1_000)).toBe(2_000)
    expect(processor.retryAt(2_000)).toBeUndefined()
  })
})

describe('the load-balancing processor', () => {
  const options = { selector: 'round_robin', backoff: false, mostBackoff: 30_000, random: () => 0 } as const

  test('goes round', () => {
    const processor = new LoadBalanceProcessor(['a', 'b', 'c'], options)
    const firsts = Array.from({ length: 6 }, () => processor.order(0)[0])
    expect(firsts).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    expect(processor.order(0)).toEqual(['a', 'b', 'c'])
    expect(processor.order(0)).toEqual(['b', 'c', 'a'])
  })

  test('without backoff tries a failed sink whenever its turn comes', () => {
    const processor = new LoadBalanceProcessor(['a', 'b'], options)
    processor.failed('a', 0)
    expect(processor.order(0)).toEqual(['a', 'b'])
    expect(processor.retryAt(0)).toBeUndefined()
  })

  test('with backoff leaves it alone for 2, 4 … 30 s, and a success forgives', () => {
    const processor = new LoadBalanceProcessor(['a', 'b'], { ...options, backoff: true })
    let now = 0
    for (const backoff of [2_000, 4_000, 8_000, 16_000, 30_000]) {
      processor.failed('a', now)
      expect(processor.order(now + backoff - 1)).toEqual(['b'])
      expect(processor.order(now + backoff)).toContain('a')
      now += backoff
    }
    processor.succeeded('a')
    processor.failed('a', now)
    expect(processor.order(now + 2_000)).toContain('a')
  })

  test('forgets a failure that is more than its backoff and an hour ago', () => {
    const processor = new LoadBalanceProcessor(['a', 'b'], { ...options, backoff: true })
    processor.failed('a', 0)
    const later = 2_000 + 3_600_000
    processor.failed('a', later)
    expect(processor.order(later + 2_000)).toContain('a')
  })

  test('with every sink in backoff waits for the first', () => {
    const processor = new LoadBalanceProcessor(['a', 'b'], { ...options, selector: 'random', backoff: true })
    processor.failed('a', 0)
    processor.failed('b', 100)
    expect(processor.order(200)).toEqual([])
    expect(processor.retryAt(200)).toBe(2_000)
  })

  test('shuffles when told so, each sink once', () => {
    const processor = new LoadBalanceProcessor(['a', 'b', 'c'], { ...options, selector: 'random' })
    expect(processor.order(0)).toEqual(['b', 'c', 'a'])
  })

  test('needs two sinks', () => {
    expect(() => loadBalanceProcessor.create(loadBalanceProcessor.settings.parse({}), context(['k1']))).toThrow(
      /needs two sinks/,
    )
  })
})
