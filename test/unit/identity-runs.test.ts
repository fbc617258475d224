import { describe, expect, test } from 'vitest'
import { identityOf, identityRanges } from '../../core/channel/identity-runs.ts'
import type { BatchIdentity } from '../../core/channel/channel.ts'
import { SenderIdentities } from '../../core/channel/sender-identities.ts'
import { addRun, type EventRuns, runsWithin } from '../../core/event/event-runs.ts'
import { fc } from '../property-checks.ts'

const sender = 'a'.repeat(32)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const indexes = (runs: EventRuns) => runs.flatMap(([from, to]) => range(from, to))

function runsOf(sorted: readonly number[]): EventRuns {
  const runs: [number, number][] = []
  for (const index of sorted) addRun(runs, index, index + 1)
  return runs
}

/** Some of the numbers below `count`, in order. */
const someOf = (count: number) =>
  fc.array(fc.boolean(), { minLength: count, maxLength: count }).map((kept) => range(0, count).filter((at) => kept[at]))

const numbersOf = (identity: BatchIdentity, count: number) => indexes(identityRanges(identity, count))

describe('runs of events', () => {
  test('a part of a part is a part of the whole', () => {
    const nested = someOf(40).chain((outer) => someOf(outer.length).map((inner) => ({ outer, inner })))
    fc.assert(
      fc.property(nested, ({ outer, inner }) => {
        const result = runsWithin(runsOf(outer), runsOf(inner))
        expect(result).toEqual(runsOf(inner.map((index) => outer[index] ?? -1)))
      }),
    )
  })

  test('the identity of a part has just the numbers of its events, however often it is parted', () => {
    const parted = someOf(30)
      .filter((first) => first.length > 1)
      .chain((first) => someOf(first.length).map((second) => ({ first, second })))
      .filter(({ second }) => second.length > 0)
    fc.assert(
      fc.property(parted, fc.nat(1000), ({ first, second }, firstEvent) => {
        const whole = { sender, firstEvent, floor: 0 }
        const part = identityOf(whole, 30, runsOf(first))
        expect(numbersOf(part, first.length)).toEqual(first.map((index) => firstEvent + index))
        const smaller = identityOf(part, first.length, runsOf(second))
        expect(numbersOf(smaller, second.length)).toEqual(second.map((index) => firstEvent + (first[index] ?? -1)))
        expect(identityOf(whole, 30, [[3, 9]])).toEqual({ sender, firstEvent: firstEvent + 3, floor: 0 })
      }),
    )
  })
})

test('parts of a sender’s batches are known by number, and by number only', () => {
  const put = fc.record({
    firstEvent: fc.nat(60),
    kept: someOf(25).filter((kept) => kept.length > 0),
    raise: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(put, { maxLength: 20 }), (puts) => {
      const identities = new SenderIdentities()
      const stored = new Set<number>()
      let floor = 0
      for (const { firstEvent, kept, raise } of puts) {
        if (raise) floor = Math.max(floor, firstEvent)
        const whole = { sender, firstEvent, floor: Math.min(floor, firstEvent) }
        const part = identityOf(whole, 25, runsOf(kept))
        const settled = identities.record(sender)?.floor ?? 0
        const isNew = (index: number) => {
          const number = firstEvent + (kept[index] ?? -1)
          return number >= settled && !stored.has(number)
        }
        const unseen = identities.unseen(part, kept.length)
        expect(unseen).toEqual(runsOf(range(0, kept.length).filter(isNew)))
        for (const [from, to] of unseen) identities.store(identityOf(part, kept.length, [[from, to]]), to - from)
        for (const index of kept) stored.add(firstEvent + index)
      }
    }),
  )
})
