import { fc } from '../../property-checks.ts'
import { describe, expect, test } from 'vitest'
import {
  type AgentEvent,
  emptyWindow,
  withHead,
  withoutOpen,
  withPage,
} from '../../../renderer/views/events/event-window.ts'
import { partPath } from '../../../renderer/views/part-path.ts'

const limit = 3
const event = (id: number, count = 1): AgentEvent => ({
  ...{ id, count, firstAt: id, lastAt: id + count, acknowledged: false },
  ...{ component: 'sink:k1', code: 'SLUICE_PEER', message: `number ${id}` },
})
const newest = (ids: readonly number[]) => ids.toSorted((a, b) => b - a)
const idsOf = ({ events }: { events: readonly AgentEvent[] }) => events.map(({ id }) => id)

describe('the events in view', () => {
  test('are the head alone until somebody pages', () => {
    const first = withHead(emptyWindow, [event(5), event(4), event(3)], limit)
    expect(first.more).toBe(true)
    expect(idsOf(withHead(first, [event(6), event(5), event(4)], limit))).toEqual([6, 5, 4])
  })

  test('keep what leaves the head once older ones were fetched, so that there is no hole', () => {
    const paged = withPage(withHead(emptyWindow, [event(5), event(4), event(3)], limit), [event(2), event(1)], limit)
    expect(paged.more).toBe(false)
    const later = withHead(paged, [event(7), event(6), event(5, 9)], limit)
    expect(idsOf(later)).toEqual([7, 6, 5, 4, 3, 2, 1])
    expect(later.events[2]?.count).toBe(9)
  })

  test('leave when they are acknowledged and only open ones are shown, else they change', () => {
    const shown = withHead(emptyWindow, [event(2), event(1)], limit)
    expect(idsOf(withoutOpen(shown, new Set([2]), true))).toEqual([1])
    expect(withoutOpen(shown, new Set([2]), false).events.map(({ acknowledged }) => acknowledged)).toEqual([
      true,
      false,
    ])
  })

  test('have no hole and no double, whatever happens between pages', () => {
    const steps = fc.array(fc.oneof(fc.record({ come: fc.integer({ min: 1, max: 5 }) }), fc.constant('page')), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), steps, (begin, all) => {
        let ids = Array.from({ length: begin }, (_, index) => index + 1)
        const head = () =>
          newest(ids)
            .slice(0, limit)
            .map((id) => event(id))
        let window = withHead(emptyWindow, head(), limit)
        for (const step of all) {
          if (step === 'page') {
            const before = window.events.at(-1)?.id
            if (before === undefined || !window.more) continue
            const older = newest(ids).filter((id) => id < before)
            window = withPage(
              window,
              older.slice(0, limit).map((id) => event(id)),
              limit,
            )
          } else {
            ids = [...ids, ...Array.from({ length: step.come }, (_, index) => ids.length + index + 1)]
            window = withHead(window, head(), limit)
          }
          const shown = idsOf(window)
          expect(shown).toEqual(newest(ids).slice(0, shown.length))
          expect(window.more || shown.length === ids.length).toBe(true)
        }
      }),
    )
  })
})

test('a part is shown where its kind is', () => {
  expect(partPath('source:r 1/x')).toBe('/sources/r%201%2Fx')
  expect(partPath('channel:c1')).toBe('/channel/c1')
  expect(partPath('sink:k1')).toBe('/flow')
  expect(partPath('agent')).toBe('/flow')
})
