import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { type BacklogQuery, compileQuery } from '../../core/backlog/backlog-query.ts'
import { backlogRow } from '../../core/backlog/backlog-row.ts'
import { WaitingEvents } from '../../core/backlog/waiting-events.ts'
import { EventRanges } from '../../core/channel/event-ranges.ts'

const event = (body: string | Buffer, headers: Record<string, string> = {}) => ({
  body: Buffer.from(body),
  headers: new Map(Object.entries(headers)),
})
const find = (query: BacklogQuery, body: string, headers?: Record<string, string>) =>
  compileQuery(query).match(event(body, headers))

describe('a query', () => {
  test('finds text in bodies and headers, with its place in the body', () => {
    expect(find({ text: 'fox' }, 'ä fox')).toBe(3)
    expect(find({ text: 'fox' }, 'dog', { animal: 'fox' })).toBe(-1)
    expect(find({ text: 'fox', in: 'body' }, 'dog', { animal: 'fox' })).toBeUndefined()
    expect(find({ text: 'fox', in: 'headers' }, 'fox', { fox: 'x' })).toBe(-1)
    expect(find({ text: 'FOX' }, 'fox')).toBeUndefined()
    expect(find({ text: 'FOX', ignoreCase: true }, 'a Fox')).toBe(2)
    expect(find({ text: 'ÄRGER', ignoreCase: true }, 'viel Ärger')).toBe(5)
  })

  test('takes regular expressions, header conditions, and nothing at all', () => {
    expect(find({ regex: '\\bERR(OR)?\\b' }, 'x ERROR y')).toBe(2)
    expect(find({ regex: '^err', ignoreCase: true }, 'ERR')).toBe(0)
    expect(find({ header: { name: 'host' } }, 'b', { host: 'h1' })).toBe(0)
    expect(find({ header: { name: 'host', value: 'h2' } }, 'b', { host: 'h1' })).toBeUndefined()
    expect(find({}, 'anything')).toBe(0)
  })

  test('that cannot be used says why', () => {
    expect(() => compileQuery({ regex: '(' })).toThrow(/the regular expression cannot be used: .*Unterminated group/)
    expect(() => compileQuery({ regex: 'a', text: 'a' })).toThrow(/not both/)
  })

  test('needs nothing for a match that is not in its needle', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'A', 'ß', 'İ', 'ä', 'Ä', '1'), minLength: 1, maxLength: 3 })
    const body = fc.string({ unit: fc.constantFrom('a', 'A', 'ß', 'İ', 'ä', 'Ä', '1'), maxLength: 12 })
    fc.assert(
      fc.property(text, body, body, fc.boolean(), (wanted, content, value, ignoreCase) => {
        const { match, hint } = compileQuery({ text: wanted, ignoreCase })
        const needle = hint?.kind === 'bytes' ? hint : undefined
        const one = event(content, { h: value })
        const bytes = Buffer.concat([Buffer.from('h'), Buffer.from(value), Buffer.from(content)])
        const fold = (part: Buffer) =>
          needle?.ignoreCase ? part.toString('latin1').toLowerCase() : part.toString('latin1')
        if (match(one) !== undefined && needle !== undefined) expect(fold(bytes)).toContain(fold(needle.bytes))
        const plain = (part: string) => (ignoreCase ? part.toLowerCase() : part)
        expect(match(one) !== undefined).toBe([content, value, 'h'].some((part) => plain(part).includes(plain(wanted))))
      }),
    )
  })
})

describe('a row of the list', () => {
  test('is bounded and says what is left out', () => {
    const row = backlogRow(7, 99, event('x'.repeat(5_000), { a: 'y'.repeat(5_000), b: 'z' }))
    expect(row).toMatchObject({ number: 7, at: 99, size: 5_000, bodyCut: true, headersCut: true, binary: false })
    expect(row.body).toHaveLength(300)
    expect(JSON.stringify(row.headers).length).toBeLessThan(700)
  })

  test('shows the surroundings of a hit, and binary bodies in hexadecimal', () => {
    const body = `${'ä'.repeat(1_000)}needle${'x'.repeat(1_000)}`
    const row = backlogRow(0, 0, event(body), Buffer.from(body).indexOf('needle'))
    expect(row.body).toContain('needle')
    expect(row.bodyFrom).toBe(920)
    expect(body.slice(row.bodyFrom, row.bodyFrom + 300)).toBe(row.body)
    expect(backlogRow(0, 0, event(Buffer.from([0, 255, 1])))).toMatchObject({
      binary: true,
      body: '00ff01',
      bodyCut: false,
    })
    expect(backlogRow(0, 0, event('ä'.repeat(5_000))).binary).toBe(false)
  })
})

test('places among waiting events and their numbers are each other’s inverse, with any holes', () => {
  const ranges = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 })), { maxLength: 8 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), ranges, (low, holes) => {
      const next = 60
      const settled = EventRanges.of(
        holes.map(([first, size]): [number, number] => [first, Math.min(next, first + size)]),
      )
      const wait = Array.from({ length: next }, (_, number) => number).filter(
        (number) => number >= low && settled.within(number, number + 1).length === 0,
      )
      const waiting = new WaitingEvents(low, next, settled)
      expect(waiting.total).toBe(wait.length)
      wait.forEach((number, position) => {
        expect(waiting.numberAt(position)).toBe(number)
        expect(waiting.positionOf(number)).toBe(position)
      })
      expect(waiting.numberAt(wait.length)).toBe(next)
    }),
  )
})
