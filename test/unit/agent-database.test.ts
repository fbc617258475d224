import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentDatabase, type EventQuery } from '../../core/agent/agent-database.ts'

let database: AgentDatabase
beforeEach(() => {
  database = new AgentDatabase(':memory:')
  database.addEvent(1, 'sink:k1', 'SLUICE_PEER', 'cannot deliver: Connection refused by 127.0.0.1:4141')
  database.addEvent(2, 'source:r1', 'SLUICE_FILE', '100 % of x_y.log cannot be read')
  database.addEvent(3, 'sink:k1', 'recovered', 'delivers again', true)
  database.addEvent(4, 'sink:k2', 'SLUICE_PEER', 'cannot deliver: no answer')
  database.addEvent(5, 'sink:k2', 'SLUICE_PEER', 'cannot deliver: no answer')
})
afterEach(() => database.close())

const times = (query: Partial<EventQuery>) =>
  database.events({ limit: 10, acknowledged: true, ...query }).map(({ firstAt }) => firstAt)

describe('the events of an agent', () => {
  test('are the newest first, repeats counted in one', () => {
    expect(times({})).toEqual([4, 3, 2, 1])
    expect(database.events({ limit: 1, acknowledged: true })[0]).toMatchObject({ count: 2, firstAt: 4, lastAt: 5 })
  })

  test('are found by what nobody has seen, by component, by code and by any text', () => {
    expect(times({ acknowledged: false })).toEqual([4, 2, 1])
    expect(times({ component: 'sink:k1' })).toEqual([3, 1])
    expect(times({ code: 'SLUICE_PEER', component: 'sink:k2' })).toEqual([4])
    expect(times({ text: 'connection REFUSED' })).toEqual([1])
    expect(times({ text: 'source:r1' })).toEqual([2])
    expect(times({ text: '' })).toEqual([4, 3, 2, 1])
  })

  test('are searched for the text itself: no sign in it means anything else', () => {
    expect(times({ text: '%' })).toEqual([2])
    expect(times({ text: 'x_y' })).toEqual([2])
    expect(times({ text: 'xzy' })).toEqual([])
    expect(times({ text: "' or 1=1 --" })).toEqual([])
  })

  test('are paged backwards through whatever the filter leaves', () => {
    const [first] = database.events({ limit: 1, acknowledged: false })
    expect(times({ acknowledged: false, before: first?.id })).toEqual([2, 1])
  })

  test('are counted by component and code', () => {
    expect(database.eventKinds()).toEqual([
      { component: 'sink:k1', code: 'SLUICE_PEER', events: 1, open: 1 },
      { component: 'sink:k1', code: 'recovered', events: 1, open: 0 },
      { component: 'sink:k2', code: 'SLUICE_PEER', events: 1, open: 1 },
      { component: 'source:r1', code: 'SLUICE_FILE', events: 1, open: 1 },
    ])
  })
})
