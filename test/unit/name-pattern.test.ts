import { expect, test } from 'vitest'
import { namePattern } from '../../core/source/taildir/name-pattern.ts'

test.each([
  ['.*\\.log', 'app.log', true],
  ['.*\\.log', 'app.log.1', false],
  ['\\Qa+b(1)\\E.*', 'a+b(1).log', true],
  ['\\Qa+b(1)\\E.*', 'aab1.log', false],
  ['(?i)APP.log', 'app.LOG', true],
  ['a|b', 'ab', false],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(namePattern(pattern).test(name)).toBe(matches)
})

test('what JavaScript does not have is refused with what would be right', () => {
  expect(() => namePattern('a*+')).toThrow('take the + behind the quantifier away')
  expect(() => namePattern('(?x)a')).toThrow('flag x')
  expect(() => namePattern('(')).toThrow()
})
