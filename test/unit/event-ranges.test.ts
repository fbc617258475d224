import { fc } from '../property-checks.ts'
import { expect, test } from 'vitest'
import { EventRanges } from '../../core/channel/event-ranges.ts'
import { SenderIdentities } from '../../core/channel/sender-identities.ts'
import { range } from '../file-channel-rig.ts'

const numbers = fc.integer({ min: 0, max: 60 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), first: numbers, length: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ kind: fc.constant('remove' as const), first: numbers, length: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ kind: fc.constant('dropBelow' as const), first: numbers, length: fc.constant(0) }),
  fc.record({ kind: fc.constant('takeFrom' as const), first: numbers, length: fc.constant(0) }),
)

test('ranges behave as the set of their numbers', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ranges = new EventRanges()
      const model = new Set<number>()
      for (const { kind, first, length } of steps) {
        const some = range(first, first + length)
        if (kind === 'add') {
          expect(ranges.add(first, first + length)).toBe(some.filter((number) => !model.has(number)).length)
          for (const number of some) model.add(number)
        } else if (kind === 'remove') {
          expect(ranges.remove(first, first + length)).toBe(some.filter((number) => model.has(number)).length)
          for (const number of some) model.delete(number)
        } else if (kind === 'dropBelow') {
          ranges.dropBelow(first)
          for (const number of [...model]) if (number < first) model.delete(number)
        } else {
          const [head] = ranges
          const next = ranges.takeFrom(first)
          if (head !== undefined && head[0] <= first) for (const number of range(...head)) model.delete(number)
          expect(next).toBe(head !== undefined && head[0] <= first ? Math.max(first, head[1]) : first)
        }
        const held = [...ranges]
        expect(held.flatMap(([from, to]) => range(from, to))).toEqual([...model].sort((a, b) => a - b))
        expect(ranges.count()).toBe(model.size)
        held.forEach(([from], at) => expect(at === 0 || held[at - 1]![1] < from).toBe(true))
        const missing = ranges.missing(10, 50).flatMap(([from, to]) => range(from, to))
        expect(missing).toEqual(range(10, 50).filter((number) => !model.has(number)))
      }
    }),
    { numRuns: 300 },
  )
})

test('whatever is sent again, in whatever pieces, every event of a sender is stored once', () => {
  const send = fc.record({ first: numbers, count: fc.integer({ min: 1, max: 20 }) })
  fc.assert(
    fc.property(fc.array(send, { maxLength: 30 }), numbers, (sends, floor) => {
      const identities = new SenderIdentities()
      const stored: number[] = []
      sends.forEach(({ first, count }, at) => {
        // The sender settles what is below the floor half-way through and never sends it again.
        const settled = at * 2 > sends.length ? floor : 0
        const identity = { sender: 'a', firstEvent: Math.max(first, settled), floor: settled }
        for (const [from, to] of identities.unseen(identity, count)) {
          identities.store({ ...identity, firstEvent: identity.firstEvent + from }, to - from)
          stored.push(...range(identity.firstEvent + from, identity.firstEvent + to))
        }
        for (const number of range(identity.firstEvent, identity.firstEvent + count))
          expect(stored.includes(number)).toBe(true)
      })
      expect(new Set(stored).size).toBe(stored.length)
    }),
    { numRuns: 200 },
  )
})

test('a record put back leaves the sender as it was', () => {
  const identities = new SenderIdentities()
  const identity = { sender: 'a', firstEvent: 10, floor: 5 }
  identities.store(identity, 10)
  const before = identities.record('a')
  identities.store({ ...identity, firstEvent: 30, floor: 25 }, 10)
  expect(identities.unseen({ ...identity, firstEvent: 12 }, 4)).toEqual([])
  identities.restore('a', before)
  expect(identities.record('a')).toEqual({ floor: 5, seen: [[10, 20]] })
  identities.restore('b', undefined)
  expect(identities.unseen({ sender: 'b', firstEvent: 0, floor: 0 }, 3)).toEqual([[0, 3]])
})
