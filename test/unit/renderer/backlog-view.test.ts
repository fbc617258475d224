import { describe, expect, test, vi } from 'vitest'
import { bytesOf, hexLine, jsonOf, textOf } from '../../../renderer/views/backlog/body-forms.ts'
import { type Row, RowPages } from '../../../renderer/views/backlog/row-pages.ts'
import { readQuery } from '../../../renderer/views/backlog/search-query.ts'
import { visibleLines, visibleText } from '../../../core/backlog/visible-text.ts'

describe('what is shown of a body', () => {
  test('names every character that a page or a terminal would obey', () => {
    expect(visibleText('\u001b[31mred\u0000\u007f\u202eevil\u0085')).toBe('‹ESC›[31mred‹NUL›‹DEL›‹U+202E›evil‹U+0085›')
    expect(visibleText('ä 日本 <b>')).toBe('ä 日本 <b>')
    expect(visibleLines('a\r\nb\tc\rd')).toBe('a\nb\tc‹CR›d')
  })

  test('is text, JSON when it is some, and bytes', () => {
    const bytes = bytesOf(btoa('{"a":[1]}'))
    expect(textOf(bytes)).toBe('{"a":[1]}')
    expect(jsonOf(bytes)).toBe('{\n  "a": [\n    1\n  ]\n}')
    expect(jsonOf(bytesOf(btoa('42')))).toBeUndefined()
    expect(hexLine(bytesOf(btoa('Hello, world\u0000\u00ff!..')), 0)).toBe(
      '00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 00 ff 21 2e  |Hello, world..!.|',
    )
    expect(hexLine(bytesOf(btoa('0123456789abcdefX')), 1)).toBe(`00000010  58${' '.repeat(46)}  |X|`)
  })
})

describe('the fields of the search', () => {
  const fields = { text: '', isPattern: false, matchCase: false, where: 'any', header: '' } as const

  test('make a query', () => {
    expect(readQuery({ ...fields, text: 'x' }).query).toEqual({ text: 'x', ignoreCase: true })
    expect(readQuery({ ...fields, text: 'x+', isPattern: true, matchCase: true, where: 'body' }).query).toEqual({
      regex: 'x+',
      in: 'body',
    })
    expect(readQuery({ ...fields, header: 'host = a=b' }).query).toEqual({
      ignoreCase: true,
      header: { name: 'host', value: 'a=b' },
    })
  })

  test('say what is wrong beside the field it is wrong in', () => {
    expect(readQuery({ ...fields, text: '(', isPattern: true }).textError).toMatch(/Unterminated group/)
    expect(readQuery({ ...fields, header: '=x' }).headerError).not.toBe('')
    expect(readQuery(fields)).toEqual({ query: undefined, textError: '', headerError: '' })
  })
})

describe('the pages of the list', () => {
  const row = (number: number) => ({ number }) as Row

  test('are fetched as they come into view, two at a time, and again when the last one has grown', async () => {
    const asked: number[] = []
    const pages = new RowPages((first) => {
      asked.push(first)
      return Promise.resolve([0, 1, 3].map((at) => row(first + at)))
    })
    pages.look(0, 30, 4)
    expect(pages.row(0)).toBeUndefined()
    await vi.waitFor(() => expect(pages.row(3)).toEqual(row(3)))
    expect(pages.row(2)).toBe('gone')
    expect(pages.row(5)).toBeUndefined()
    pages.look(0, 4, 4)
    pages.look(0, 30, 20)
    await vi.waitFor(() => expect(pages.row(5)).toBe('gone'))
    expect(asked).toEqual([0, 0])
    pages.look(250, 650, 10_000)
    await vi.waitFor(() => expect(asked).toEqual([0, 0, 200, 300, 400, 500, 600]))
  })

  test('that went out of view are not waited for, and a failure is told', async () => {
    const signals: AbortSignal[] = []
    const pages = new RowPages((first, signal) => {
      signals.push(signal)
      return first === 0 ? new Promise(() => undefined) : Promise.reject(new Error('no answer'))
    })
    pages.look(0, 10, 1_000)
    pages.look(500, 510, 1_000)
    expect(signals[0]?.aborted).toBe(true)
    await vi.waitFor(() => expect(pages.problem.value).toBe('no answer'))
  })
})
