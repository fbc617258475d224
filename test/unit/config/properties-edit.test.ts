import { fc } from '../../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { Findings } from '../../../core/config/findings.ts'
import { editProperties } from '../../../core/config/properties-edit.ts'
import { parseProperties } from '../../../core/config/properties-form.ts'

const read = (text: string) =>
  new Map(parseProperties('f', text, new Findings()).map(({ key, value }) => [key.trim(), value.trim()]))
const edit = (text: string, changes: Record<string, string | undefined>) =>
  editProperties(text, new Map(Object.entries(changes)))

describe('editing a .properties text', () => {
  test('changes a value in its place and nothing else', () => {
    const text = '# why\na.sources = r1\r\na.sources.r1.port : 44\\\n  44\n\n! end'
    expect(edit(text, { 'a.sources.r1.port': '5555' })).toBe(
      '# why\na.sources = r1\r\na.sources.r1.port = 5555\n\n! end',
    )
  })

  test('puts a new key below its component, or at the end', () => {
    const text = 'a.sources.r1.type = seq\na.sinks.k1.type = null'
    expect(edit(text, { 'a.sources.r1.batchSize': '5', 'b.sources': 'r1' })).toBe(
      'a.sources.r1.type = seq\na.sources.r1.batchSize = 5\na.sinks.k1.type = null\nb.sources = r1\n',
    )
  })

  test('takes every setting of a removed key out, continuations too', () => {
    expect(edit('a.b = 1\na.c = x\\\ny\na.b = 2\n', { 'a.b': undefined, 'a.c': undefined })).toBe('')
  })

  test('keeps references and escapes what the format would take for its own', () => {
    const text = edit('', { 'a.k': '${env:HOME}/ä\\d+', 'a.m': ' two  blanks' })
    expect(read(text)).toEqual(
      new Map([
        ['a.k', '${env:HOME}/ä\\d+'],
        ['a.m', 'two  blanks'],
      ]),
    )
  })

  test('whatever the text and the changes, a reader finds the changes and all that was not changed', () => {
    const word = fc.stringMatching(/^[a-c]{1,2}$/)
    const key = fc
      .tuple(fc.constant('ag'), fc.constantFrom('sources', 'sinks'), word, word)
      .map((parts) => parts.join('.'))
    const value = fc.stringMatching(/^[a-z\\=: #!ä$]{0,12}$/).map((text) => text.trim())
    const line = fc.oneof(
      fc.tuple(key, fc.constantFrom('=', ' = ', ':', ' '), value).map(([k, sign, v]) => k + sign + v),
      fc.constantFrom('', '# note', '! note \\', '   '),
    )
    const texts = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n', '\r')).map(([lines, end]) => lines.join(end))
    fc.assert(
      fc.property(texts, fc.dictionary(key, fc.option(value, { nil: undefined }), { maxKeys: 4 }), (text, changes) => {
        const expected = read(text)
        for (const [k, v] of Object.entries(changes))
          if (v === undefined) expected.delete(k)
          else expected.set(k, v)
        expect(read(edit(text, changes))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})
