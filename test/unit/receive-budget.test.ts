import { expect, test } from 'vitest'
import { ReceiveBudget } from '../../core/receive-budget.ts'

const mega = 1024 * 1024

test('more than four of the largest requests unfinished at a time: the oldest are given up, and only those', () => {
  const budget = new ReceiveBudget(100 * mega)
  const givenUp: string[] = []
  const open = (name: string) => budget.open(() => void givenUp.push(name))
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(open)
  for (const share of [a, b, c, d]) share?.hold(100 * mega)
  expect(givenUp).toEqual([])
  const e = open('e')
  e.hold(1)
  expect(givenUp).toEqual(['a'])
  // What is given up takes nothing any more, whatever still comes of it; what is whole neither.
  a?.hold(500 * mega)
  c?.close()
  c?.close()
  e.hold(100 * mega)
  open('f').hold(100 * mega)
  expect(givenUp).toEqual(['a'])
  open('g').hold(150 * mega)
  expect(givenUp).toEqual(['a', 'b', 'd'])
})

test('one that is beyond all bounds gives way itself', () => {
  const budget = new ReceiveBudget(1)
  let givenUp = 0
  budget.open(() => givenUp++).hold(65 * mega)
  expect(givenUp).toBe(1)
  budget.open(() => givenUp++).hold(64 * mega)
  expect(givenUp).toBe(1)
})
