import { engineFinds } from '../engine-finds.ts'
import { fc } from '../property-checks.ts'
import { expect, test } from 'vitest'
import { PatternAutomaton } from '../../core/pattern/pattern-automaton.ts'
import { patternCost } from '../../core/pattern/pattern-cost.ts'
import { patternTree } from '../../core/pattern/pattern-tree.ts'
import { textPattern } from '../../core/pattern/text-pattern.ts'

const automaton = (source: string, flags: string) => PatternAutomaton.of(patternTree(source), flags)

const { expression: expressions } = fc.letrec<{ expression: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'a',
      'b',
      'B',
      '.',
      '\\d',
      '\\W',
      '\\s',
      '[ab]',
      '[^a\\d]',
      '[^]',
      '[]',
      '\\x41',
      '{',
      ']',
      '\\.',
      '\\cJ',
    ),
    fc.constantFrom('^', '$', '\\b', '\\B'),
    fc
      .tuple(
        fc.constantFrom('(', '(?:', '(?<n>'),
        tie('expression'),
        fc.constantFrom('', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '{0}'),
      )
      .map(([head, inner, times]) => `${head === '(?<n>' ? '(' : head}${inner})${times}`),
    fc.constantFrom('a*', 'b+?', '.*', '[ab]{1,3}', '\\w+'),
  ),
  expression: fc
    .array(fc.array(tie('piece'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((alternatives) => alternatives.map((pieces) => pieces.join('')).join('|')),
}))

test('an automaton finds what the engine finds', () => {
  let matched = 0
  fc.assert(
    fc.property(
      expressions,
      fc.constantFrom('', 'i', 's', 'm', 'ims'),
      fc.array(
        fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '1', ' ', '\n', '.', '{', ']', 'é'), maxLength: 8 }),
      ),
      (source, flags, texts) => {
        const found = automaton(source, flags)
        const expecteds = engineFinds(source, flags, texts)
        fc.pre(expecteds !== undefined)
        for (const [at, text] of texts.entries()) {
          const expected = expecteds[at]
          if (expected === true) matched++
          expect({ source, flags, text, found: found?.test(text) }).toEqual({ source, flags, text, found: expected })
        }
      },
    ),
    { numRuns: 3000 },
  )
  expect(matched).toBeGreaterThan(1000)
})

const nested = 'a'.repeat(5000)
test.each([
  ['^(a+)+$', `${nested}!`],
  ['^(?:\\w+\\s?)*$', `${'word '.repeat(2000)}!`],
  ['(a|a)*b', nested],
  ['^(.*a){20}$', `${nested}b`],
  ['^a*a*a*a*a*a*b', nested],
  ['^(?:a?){40}a{40}b', nested],
  ['\\d+x', '1'.repeat(100_000)],
  ['(x+x+)+y', 'x'.repeat(50_000)],
])('%s on a text made for it takes no time to speak of', (source, text) => {
  const start = performance.now()
  expect(textPattern(source, '', 10_000).test(text)).toBe(false)
  expect(performance.now() - start).toBeLessThan(1000)
})

test('what cannot take long stays with the engine, whatever it makes use of', () => {
  for (const source of [
    ...['^\\d{4}-\\d{2}-\\d{2}[T ]', '^\\S', '^(?!\\s|Caused by:|\\.\\.\\. )', '^\\[.*\\] (INFO|WARN|ERROR)', 'BEGIN'],
    ...['^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ', '^(["\']).\\1'],
  ])
    expect(textPattern(source, '', 10_000), source).toBeInstanceOf(RegExp)
  for (const source of ['^(?:.*\\.log)$', '^(?:(?!.*\\.tmp)(?!.*\\.gz$).*\\.log.*)$'])
    expect(textPattern(source, 's', 255), source).toBeInstanceOf(RegExp)
})

test('what neither can bear is refused in words', () => {
  for (const source of ['^(?=a)(a+)+$', '^(a+)+\\1$', '^(?:(?:a{1000}){1000}b?)*c'])
    expect(() => textPattern(source, '', 10_000), source).toThrow('can take hours on one text')
  expect(() => textPattern('(', '', 10_000)).toThrow(SyntaxError)
})

test('the cost of nested repetitions has no bound', () => {
  expect(patternCost(patternTree('^(a+)+$'), 10_000)).toBe(Infinity)
  expect(patternCost(patternTree('^a+$'), 10_000)).toBeLessThan(100_000)
})

test('an automaton forgets states rather than keep all that a text can lead to', () => {
  const found = automaton('(a|b)*a(a|b){14}c', '')!
  let text = ''
  for (let number = 0; number < 20_000; number++) text += (number * 2654435761) & 0x10000 ? 'a' : 'b'
  const start = performance.now()
  expect(found.test(text)).toBe(false)
  expect(found.test(`${text}abbbbbbbbbbbbbbc`)).toBe(true)
  expect(performance.now() - start).toBeLessThan(4000)
})
