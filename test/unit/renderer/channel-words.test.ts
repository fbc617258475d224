import { fc } from '../../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { forecastWords } from '../../../renderer/views/channel/forecast-words.ts'
import { headerNames } from '../../../renderer/views/channel/header-names.ts'
import { ledgerBalance } from '../../../renderer/views/channel/ledger-balance.ts'

describe('the forecast in words', () => {
  test('says what fills first, and the band', () => {
    const full = { seconds: 11_400, low: 9_600, high: 14_400, limit: 'disk' as const }
    expect(forecastWords({ full, drained: null, reason: 'nothing leaves: k1 is paused' }, 5)).toEqual([
      'Full in 3 h 10 min, between 2 h 40 min and 4 h; the disk is what fills first.',
      'Nothing leaves: k1 is paused.',
    ])
  })

  test('says that the far end of a band is perhaps never', () => {
    const drained = { seconds: 60, low: 30, high: null }
    expect(forecastWords({ full: null, drained, reason: 'it does not fill' }, 5)).toEqual([
      'Drained in 1 min, at the earliest in 30 s, perhaps never.',
      'It does not fill.',
    ])
  })

  test('says that it is full, and why', () => {
    const full = { seconds: 0, low: 0, high: 0, limit: 'events' as const }
    expect(forecastWords({ full, drained: null, reason: '' }, 9)).toEqual([
      'Full now: it holds as many events as it may.',
    ])
  })

  test('has nothing to drain where nothing waits', () => {
    const drained = { seconds: 0, low: 0, high: 0 }
    expect(forecastWords({ full: null, drained, reason: 'it does not fill' }, 0)).toEqual([
      'Nothing waits.',
      'It does not fill.',
    ])
  })
})

describe('the ledger', () => {
  const count = fc.nat(1e9)

  test('adds up entry by entry, and says by how much it does not', () => {
    fc.assert(
      fc.property(
        fc.record({ delivered: count, queued: count, quarantined: count, lost: count, repeated: count }),
        fc.dictionary(fc.constantFrom('expired', 'by the operator', 'refused'), count),
        fc.integer({ min: -5, max: 5 }),
        (books, dropped, missing) => {
          const gone = Object.values(dropped).reduce((sum, one) => sum + one, 0)
          const received = books.delivered + books.queued + books.quarantined + books.lost + gone + missing
          const balance = ledgerBalance({ ...books, dropped, received })
          expect(balance.missing).toBe(missing)
          expect(balance.entries.reduce((sum, { events }) => sum + events, 0)).toBe(balance.sum)
        },
      ),
    )
  })
})

test('the headers that are offered are those that most events have', () => {
  const rows = [
    { headers: [['host', 'a'] as const, ['file', 'x'] as const] },
    { headers: [['file', 'y'] as const] },
    { headers: [['file', 'y'] as const, ['basename', 'y'] as const] },
  ]
  expect(headerNames(rows)).toEqual(['file', 'basename', 'host'])
  expect(headerNames(rows, 1)).toEqual(['file'])
})
