import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { LineSplitter, type SplitterSettings } from '../../core/source/taildir/line-splitter.ts'
import { textForm } from '../../core/source/taildir/text-form.ts'

const settings: SplitterSettings = {
  maxLineLength: 1000,
  longLines: 'split',
  lineEnding: 'crlf',
  startPattern: undefined,
  batchSize: 1_000_000,
}

/** Offers `content` in pieces that end at `cuts`, each time from the first byte that is not consumed on. */
function splitInPieces(
  content: Buffer,
  cuts: readonly number[],
  changes: Partial<SplitterSettings> = {},
  encoding = 'UTF-8',
) {
  const splitter = new LineSplitter({ ...settings, ...changes }, textForm(encoding))
  const bodies: string[] = []
  let consumed = 0
  const ends = [...cuts.map((cut) => cut % (content.length + 1)), content.length].sort((a, b) => a - b)
  for (const end of ends) {
    const bytes = content.subarray(consumed, end)
    const builder = new BatchBuilder()
    const range = { limit: bytes.length, final: false, more: end < content.length, completes: false }
    consumed += splitter.split(bytes, 0, builder, range)
    for (const event of builder.finish().events()) bodies.push(event.body.toString())
  }
  return { bodies, rest: content.subarray(consumed), splitter }
}

const piece = fc.constantFrom('a', 'bc', '€', 'ö', '\n', '\r\n', '\r', '\n\n', ' ', 'long '.repeat(6))
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
const cuts = fc.array(fc.nat(400), { maxLength: 12 })

describe('whatever the pieces in which a file grows', () => {
  test('crlf: LF ends a line and takes a CR before it along', () => {
    fc.assert(
      fc.property(text, cuts, (content, at) => {
        const lines = content.split('\n')
        const rest = lines.pop()
        const result = splitInPieces(Buffer.from(content), at)
        expect(result.bodies).toEqual(lines.map((line) => line.replace(/\r$/, '')))
        expect(result.rest.toString()).toBe(rest)
      }),
    )
  })

  test('lf: a CR is text', () => {
    fc.assert(
      fc.property(text, cuts, (content, at) => {
        expect(splitInPieces(Buffer.from(content), at, { lineEnding: 'lf' }).bodies).toEqual(
          content.split('\n').slice(0, -1),
        )
      }),
    )
  })

  test('any: a CR alone ends a line, and CRLF is one end even when a piece ends in its middle', () => {
    fc.assert(
      fc.property(text, cuts, (content, at) => {
        // The last CR waits for what follows it.
        const settled = content.replace(/\r$/, '')
        const { bodies } = splitInPieces(Buffer.from(content), at, { lineEnding: 'any' })
        expect(bodies).toEqual(settled.split(/\r\n|\r|\n/).slice(0, -1))
      }),
    )
  })

  test('UTF-16 in either order of bytes gives the same lines', () => {
    fc.assert(
      fc.property(text, cuts, fc.boolean(), (content, at, little) => {
        const bytes = Buffer.from(content, 'utf16le')
        if (!little) bytes.swap16()
        const { bodies } = splitInPieces(bytes, at, {}, little ? 'UTF-16LE' : 'UTF-16BE')
        expect(bodies).toEqual(
          content
            .split('\n')
            .slice(0, -1)
            .map((line) => line.replace(/\r$/, '')),
        )
      }),
    )
  })

  test('lines over the limit are cut at characters, and together they are the line', () => {
    fc.assert(
      fc.property(text, cuts, fc.integer({ min: 4, max: 20 }), (content, at, maxLineLength) => {
        const { bodies } = splitInPieces(Buffer.from(`${content}\n`), at, { maxLineLength, lineEnding: 'lf' })
        expect(bodies.join('')).toBe(content.replaceAll('\n', ''))
        for (const body of bodies) {
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxLineLength)
          expect(body).not.toContain('\u{fffd}')
        }
      }),
    )
  })

  test('truncate keeps the beginning of each line and counts the rest', () => {
    fc.assert(
      fc.property(text, cuts, (content, at) => {
        const options = { maxLineLength: 8, lineEnding: 'lf', longLines: 'truncate' } as const
        const { bodies, splitter } = splitInPieces(Buffer.from(`${content}\n`), at, options)
        const lines = content.split('\n')
        expect(bodies).toHaveLength(lines.length)
        for (const [index, line] of lines.entries()) expect(line.startsWith(bodies[index] ?? '?')).toBe(true)
        const kept = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0)
        expect(splitter.omittedBytes).toBe(Buffer.byteLength(content.replaceAll('\n', '')) - kept)
      }),
    )
  })

  test('events of several lines hold all lines up to the next beginning', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('# new', ' more', 'x'), { maxLength: 30 }), cuts, (lines, at) => {
        const content = lines.map((line) => `${line}\n`).join('')
        const { bodies, rest } = splitInPieces(Buffer.from(content), at, { startPattern: /^#/ })
        const expected: string[] = []
        for (const [index, line] of lines.entries())
          if (index === 0 || line.startsWith('#')) expected.push(line)
          else expected.push(`${expected.pop() ?? ''}\n${line}`)
        const last = expected.pop()
        expect(bodies).toEqual(expected)
        expect(rest.toString()).toBe(last === undefined ? '' : `${last}\n`)
      }),
    )
  })
})
