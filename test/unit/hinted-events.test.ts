import { describe, expect, test } from 'vitest'
import { compileQuery } from '../../core/backlog/backlog-query.ts'
import { patternHint } from '../../core/backlog/block-pattern.ts'
import { hintedEvents } from '../../core/backlog/hinted-events.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { engineFinds } from '../engine-finds.ts'
import { fc } from '../property-checks.ts'

function batchOf(events: readonly { body: Buffer; value: string }[]) {
  const builder = new BatchBuilder(1 << 16)
  for (const { body, value } of events) builder.addEvent(new Map([['h', value]]), body)
  return builder.finish()
}

const units = ['a', 'b', 'K', 'k', '1', '\n', 'ä', 'Ä', 'ſ', '\u212a', '日', '😀', '\ufffd', '\u00a0', '\u2028']
/** Text, and bytes that are none: cut characters, lone continuations, what looks like a length. */
const body = fc
  .array(
    fc.oneof(
      fc.constantFrom(...units).map((unit) => Buffer.from(unit)),
      fc.constantFrom(0x00, 0x7f, 0x80, 0xa0, 0xc3, 0xe6, 0x97, 0xf0, 0x9f, 0xff).map((byte) => Buffer.of(byte)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts))
const value = fc.array(fc.constantFrom(...units), { maxLength: 4 }).map((parts) => parts.join(''))
const events = fc.array(fc.record({ body, value }), { minLength: 1, maxLength: 6 })

const atoms = [
  'a',
  'b',
  'k',
  '1',
  'ä',
  '日',
  '\\d',
  '\\w',
  '\\W',
  '\\s',
  '\\S',
  '\\D',
  '.',
  '\\n',
  '\\x61',
  '\\u00e4',
  '\\.',
]
const classes = [
  '[ab]',
  '[^a]',
  '[a-k1]',
  '[äb]',
  '[^ä]',
  '[\\sa-]',
  '[^\\w]',
  '[^\\n]',
  '[\\]a]',
  '[^]',
  '[\\u0080-\\uffff]',
]
const assertions = ['^', '$', '\\b', '\\B', '(?=a)', '(?!b)', '(?<=a)', '(?<!b)']
const counts = ['', '', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}?', '+?']
const pattern = fc.letrec<{ alternatives: string; sequence: string; part: string }>((tie) => ({
  alternatives: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((all) => all.join('|')),
  sequence: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
  part: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.tuple(fc.constantFrom(...atoms, ...classes), fc.constantFrom(...counts)).map(([atom, count]) => atom + count),
    fc.constantFrom(...assertions),
    fc
      .tuple(
        fc.constantFrom('(', '(?:', '(?<n>'),
        tie('alternatives'),
        fc.constantFrom('', '', '?', '+', '{2}', '{0,2}'),
      )
      .map(([open, inner, count]) => `${open}${inner})${count}`),
  ),
})).alternatives

function understood(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}

describe('what a search steps over', () => {
  test('holds no event that a regular expression matches', () => {
    fc.assert(
      fc.property(pattern.filter(understood), events, fc.boolean(), (regex, all, ignoreCase) => {
        const batch = batchOf(all)
        const texts = all.flatMap(({ body, value }) => [body.toString(), value])
        const flags = ignoreCase ? 'i' : ''
        fc.pre(engineFinds(regex, flags, texts) !== undefined)
        const { inBytes } = patternHint(regex, ignoreCase)
        const bytes = Buffer.from(batch.bytes).toString('latin1')
        if (inBytes !== undefined) fc.pre(engineFinds(inBytes.source, inBytes.flags, [bytes]) !== undefined)
        const { match, hint } = compileQuery({ regex, ignoreCase })
        const matching = Array.from({ length: batch.count }, (_, at) => at).filter(
          (at) => match(batch.event(at)) !== undefined,
        )
        if (hint !== undefined) expect(hintedEvents(batch, hint)).toEqual(expect.arrayContaining(matching))
        // A short literal is passed over for the whole expression: both must be right.
        const { literal } = patternHint(regex, ignoreCase)
        if (literal !== '')
          for (const at of matching)
            expect(hintedEvents(batch, { kind: 'bytes', bytes: Buffer.from(literal), ignoreCase })).toContain(at)
        if (inBytes !== undefined)
          expect(hintedEvents(batch, { kind: 'pattern', pattern: inBytes })).toEqual(expect.arrayContaining(matching))
      }),
      { numRuns: 3000 },
    )
  })

  test('holds no event with the text, in either case', () => {
    fc.assert(
      fc.property(value, events, fc.boolean(), (text, all, ignoreCase) => {
        const batch = batchOf(all)
        const { match, hint } = compileQuery({ text, ignoreCase })
        const matching = Array.from({ length: batch.count }, (_, at) => at).filter(
          (at) => match(batch.event(at)) !== undefined,
        )
        if (hint !== undefined) expect(hintedEvents(batch, hint)).toEqual(expect.arrayContaining(matching))
      }),
    )
  })

  test('is most of a backlog for the expressions that people write', () => {
    const literal = (source: string) => patternHint(source, false).literal
    expect(literal('status=(5|6)\\d\\d$')).toBe('status=')
    expect(literal('^\\[(?:error|fatal)\\] (?:time)out')).toBe('] timeout')
    expect(literal('user(?:name)?=x+y')).toBe('user')
    expect(literal('(?<day>\\d+)-Nov.*refused')).toBe('refused')
    const bytes = (source: string) => patternHint(source, false).inBytes?.source
    expect(bytes('\\b(?:error|fatal)\\b.*db-\\d+')).toBe('(?:(?:\\x65\\x72\\x72\\x6f\\x72|\\x66\\x61\\x74\\x61\\x6c))')
    expect(bytes('5\\d\\d$|timeout')).toBe('(?:\\x35[\\d][\\d]|\\x74\\x69\\x6d\\x65\\x6f\\x75\\x74)')
    expect(bytes('.*')).toBeUndefined()
    expect(patternHint('(a)\\1', false)).toEqual({ literal: '', inBytes: undefined })
  })
})
