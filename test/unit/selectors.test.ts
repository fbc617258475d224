import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { silentLog } from '../../core/log.ts'
import { multiplexingSelector } from '../../core/selector/multiplexing.ts'
import { replicatingSelector } from '../../core/selector/replicating.ts'
import type { Route } from '../../core/selector/selector.ts'
import { batchOf } from '../agent/flow.ts'
import { ManualClock } from '../agent/manual-clock.ts'

const channels = ['c1', 'c2', 'c3']
const context = {
  ...{ name: 'selector', agent: 'a1', log: silentLog, clock: new ManualClock(), dataDirectory: '/' },
  ...{ baseDirectory: '/', channels },
}
const replicating = (keys = {}) => replicatingSelector.create(replicatingSelector.settings.parse(keys), context)
const multiplexing = (keys = {}) => multiplexingSelector.create(multiplexingSelector.settings.parse(keys), context)

const shown = (routes: Route[]) =>
  Object.fromEntries(
    routes.map(({ channel, required, batch }) => [
      channel,
      `${required ? 'required' : 'optional'} ${[...batch.events()].map(({ body }) => body.toString()).join('')}`,
    ]),
  )

/** Events whose body is also the value of the header `kind`; `-` has no header. */
function kinds(values: string) {
  const builder = new BatchBuilder()
  for (const value of values)
    builder.addEvent(value === '-' ? new Map() : new Map([['kind', value]]), Buffer.from(value))
  return builder.finish()
}

/** Which events of the batch go where: indexes. */
const parts = (batch: ReturnType<typeof kinds>, routes: Route[]) =>
  Object.fromEntries(routes.map(({ channel, batch: part }) => [channel, part.takenOf(batch)]))

test('the parts of a split batch say which events they have', () => {
  const batch = kinds('aabbcaab-b')
  const routes = multiplexing({
    header: 'kind',
    'mapping.*': { a: 'c1', b: 'c2', c: 'c1 c2' },
    'optional.*': { b: 'c3' },
  }).select(batch)
  expect(parts(batch, routes)).toEqual({
    c1: [
      [0, 2],
      [4, 7],
    ],
    c2: [
      [2, 5],
      [7, 8],
      [9, 10],
    ],
    c3: [
      [2, 4],
      [7, 8],
      [9, 10],
    ],
  })
  expect(parts(kinds('aabb'), routes)).toEqual({ c1: undefined, c2: undefined, c3: undefined })
})

describe('the replicating selector', () => {
  test('hands the same batch to every channel', () => {
    const batch = batchOf(['a'])
    const routes = replicating({ optional: 'c2' }).select(batch)
    expect(routes.every((route) => route.batch === batch)).toBe(true)
    expect(shown(routes)).toEqual({ c1: 'required a', c2: 'optional a', c3: 'required a' })
    expect(replicating({ optional: 'c2' }).required).toEqual(['c1', 'c3'])
  })

  test('refuses an optional channel that the source does not have', () => {
    expect(() => replicating({ optional: 'c9' })).toThrow(/optional names c9.*give c1, c2, c3/)
  })
})

describe('the multiplexing selector', () => {
  const settings = {
    header: 'kind',
    'mapping.*': { a: 'c1', b: 'c1 c2' },
    'optional.*': { a: 'c1 c3', x: 'c3' },
    default: 'c2',
  }

  test('sends each event by its header, missing and unmapped values to the default', () => {
    expect(shown(multiplexing(settings).select(kinds('ab-q')))).toEqual({
      c1: 'required ab',
      c2: 'required b-q',
      c3: 'optional a',
    })
  })

  test('keeps the default channels for a value that has only optional ones', () => {
    expect(shown(multiplexing(settings).select(kinds('xx')))).toEqual({ c2: 'required xx', c3: 'optional xx' })
  })

  test('passes a batch of one destination on without a copy', () => {
    const batch = kinds('aaaa')
    expect(
      multiplexing(settings)
        .select(batch)
        .every((route) => route.batch === batch),
    ).toBe(true)
  })

  test('sends what has no destination nowhere', () => {
    const selector = multiplexing({ header: 'kind', 'mapping.*': { a: 'c1' } })
    expect(shown(selector.select(kinds('qaq')))).toEqual({ c1: 'required a' })
    expect(selector.select(kinds('q-'))).toEqual([])
  })

  test('names every channel that may be required', () => {
    expect(multiplexing(settings).required).toEqual(['c1', 'c2'])
  })

  test('refuses unknown channels with the key', () => {
    expect(() => multiplexing({ 'mapping.*': { a: 'c1 nope' } })).toThrow(/mapping\.a names nope/)
    expect(() => multiplexing({ default: 'c4' })).toThrow(/default names c4/)
  })

  test('agrees with sorting the events one by one', () => {
    const selector = multiplexing(settings)
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'x', 'q', '-'), maxLength: 40 }), (values) => {
        const expected: Record<string, string> = { c1: '', c2: '', c3: '' }
        for (const value of values) {
          const to = { a: ['c1', 'c3'], b: ['c1', 'c2'], x: ['c2', 'c3'] }[value] ?? ['c2']
          for (const channel of to) expected[channel] = (expected[channel] ?? '') + value
        }
        const got: Record<string, string> = { c1: '', c2: '', c3: '' }
        for (const { channel, batch } of selector.select(kinds(values)))
          got[channel] = [...batch.events()].map(({ body }) => body.toString()).join('')
        expect(got).toEqual(expected)
      }),
    )
  })
})
