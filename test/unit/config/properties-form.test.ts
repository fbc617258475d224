import { fc } from '../../property-checks.ts'
import { getProperties } from 'properties-file'
import { describe, expect, test } from 'vitest'
import { Findings } from '../../../core/config/findings.ts'
import { parseProperties } from '../../../core/config/properties-form.ts'

function parse(text: string) {
  const findings = new Findings()
  const entries = parseProperties('f', text, findings)
  return { entries, findings: findings.list(['f']) }
}
const pairs = (text: string) => parse(text).entries.map(({ key, value }) => [key, value])

describe('.properties', () => {
  test.each([
    ['a=b', [['a', 'b']]],
    ['a b', [['a', 'b']]],
    ['a : b', [['a', 'b']]],
    ['a\t=\fb ', [['a', 'b ']]],
    ['a', [['a', '']]],
    ['a==b', [['a', '=b']]],
    ['# a=b\n! c=d\n   # e', []],
    ['a=1\\\n   2\\\r\n3', [['a', '123']]],
    [
      'a=1\\\\\nb=2',
      [
        ['a', '1\\'],
        ['b', '2'],
      ],
    ],
    ['a\\ b\\=c=\\u00e4\\t\\q', [['a b=c', 'ä\tq']]],
    [
      'a=1\rb=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['\ufeffa=1', [['a', '1']]],
    ['\\\n# no comment', [['no', 'comment']].slice(1)],
    ['a=\\', [['a', '']]],
    [
      '__proto__=x\nconstructor=y',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ],
  ])('%j', (text, expected) => expect(pairs(text)).toEqual(expected))

  test('says where each key and value is', () => {
    const { entries } = parse('# one\n\n  key = value\nlong \\\n   = text\n')
    expect(entries.map(({ keyAt, valueAt }) => [keyAt.line, keyAt.column, valueAt.line, valueAt.column])).toEqual([
      [3, 3, 3, 9],
      [4, 1, 5, 6],
    ])
  })

  test('a broken \\u is a finding with its place, and the other keys are read', () => {
    const { entries, findings } = parse('a=1\nb=x\\u12g4\nc=3')
    expect(entries.map((entry) => entry.key)).toEqual(['a', 'b', 'c'])
    expect(findings).toMatchObject([{ severity: 'error', line: 2, column: 4, key: 'b' }])
  })

  test('agrees with another reader on any text', () => {
    const piece = fc.constantFrom(
      ' ',
      '\t',
      '\f',
      '\n',
      '\r',
      '\r\n',
      '\\',
      '=',
      ':',
      '#',
      '!',
      'a',
      'b',
      'ä',
      '\\u0041',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('').replace(/\\+u(?![\da-f]{4})/g, 'u')
        let other: Record<string, string>
        try {
          other = getProperties(text)
        } catch {
          return // A broken \\u that came about by joining lines.
        }
        // The two differ in lines of nothing but a backslash; Java decides (test/interop).
        if (/(^|[\n\r])[ \t\f]*\\([\n\r]|$)/.test(text)) return
        expect(new Map(parse(text).entries.map(({ key, value }) => [key, value]))).toEqual(
          new Map(Object.entries(other)),
        )
      }),
      { numRuns: 2000 },
    )
  })
})
