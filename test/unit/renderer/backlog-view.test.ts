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

  test('that a drag of the scrollbar only comes by are not asked for', async () => {
    const asked: number[] = []
    const fetch = (first: number) => {
      asked.push(first)
      return Promise.resolve([row(first)])
    }
    const pages = new RowPages(fetch, () => 0)
    for (let at = 0; at < 50; at++) pages.look(at * 1_000, at * 1_000 + 30, 100_000)
    await vi.waitFor(() => expect(pages.row(49_000)).toEqual(row(49_000)))
    expect(asked).toEqual([0, 49_000])
  })

  test('can be there before anybody looks at them', () => {
    const pages = new RowPages(() => Promise.reject(new Error('nothing is to be asked')))
    pages.take(Array.from({ length: 100 }, (_, at) => row(150 + at)))
    pages.look(150, 180, 10_000)
    expect([pages.row(150), pages.row(249)]).toEqual([row(150), row(249)])
    expect([pages.row(149), pages.row(250)]).toEqual(['gone', undefined])
  })

  test('that went out of view are not waited for long, and a failure is told', async () => {
    const signals: AbortSignal[] = []
    let now = 0
    const fetch = (first: number, signal: AbortSignal) => {
      signals.push(signal)
      return first === 0 ? new Promise<Row[]>(() => undefined) : Promise.reject(new Error('no answer'))
    }
    const pages = new RowPages(fetch, () => now)
    pages.look(0, 10, 1_000)
    now = 249
    pages.look(300, 310, 1_000)
    expect(signals[0]?.aborted).toBe(false)
    now = 1_000
    pages.look(500, 510, 1_000)
    expect(signals[0]?.aborted).toBe(true)
    await vi.waitFor(() => expect(pages.problem.value).toBe('no answer'))
  })
})
