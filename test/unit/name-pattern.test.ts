import { describe, expect, test } from 'vitest'
import { spooldirSettings } from '../../core/source/spooldir/settings.ts'
import { namePattern } from '../../core/source/taildir/name-pattern.ts'
import { taildirSettings } from '../../core/source/taildir/settings.ts'

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

describe('a taildir source', () => {
  const issues = (keys: Record<string, unknown>) =>
    (taildirSettings.safeParse({ filegroups: 'g1', ...keys }).error?.issues ?? []).map(({ path }) => path.join(' '))

  test('is refused by its settings, before it starts, for a pattern or an encoding that cannot be used', () => {
    expect(issues({ 'filegroups.*': { g1: '/var/log/.*\\.log' } })).toEqual([])
    expect(issues({ 'filegroups.*': { g1: '/var/log/(' } })).toEqual(['filegroups.* g1'])
    expect(issues({ 'filegroups.*': {} })).toEqual(['filegroups.* g1'])
    const others = { 'filegroups.*': { g1: '/var/log/.*' }, 'multiline.startPattern': '[', encoding: 'klingon' }
    expect(issues(others)).toEqual(['multiline.startPattern', 'encoding'])
  })
})

test('a spooldir source is refused by its settings for a pattern that cannot be used', () => {
  const { error } = spooldirSettings.safeParse({ spoolDir: '/in', includePattern: '(', ignorePattern: 'a*+' })
  expect(error?.issues.map(({ path }) => path.join(' '))).toEqual(['includePattern', 'ignorePattern'])
})
