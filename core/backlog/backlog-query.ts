import { errorText, SluiceError } from '../errors.ts'
import type { Event } from '../event/event.ts'
import { patternHint } from './block-pattern.ts'

/** What to look for; all that is given must hold. */
export interface BacklogQuery {
  readonly text?: string | undefined
  /** A JavaScript regular expression, instead of `text`. */
  readonly regex?: string | undefined
  readonly ignoreCase?: boolean | undefined
  readonly in?: 'any' | 'body' | 'headers' | undefined
  /** A header that must be there, with this value when one is given. */
  readonly header?: { readonly name: string; readonly value?: string | undefined } | undefined
}

/** Where an event matches: the byte of its body, or -1 when only its headers do; undefined when it does not. */
export type Match = (event: Event) => number | undefined

export interface CompiledQuery {
  readonly match: Match
  /** Lets a search step over whole blocks; undefined when nothing is known that all matches have in common. */
  readonly hint: BlockHint | undefined
}

/** What lies in a block wherever an event of it can match: bytes (their ASCII letters in either case), or a pattern. */
export type BlockHint =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly ignoreCase: boolean }
  /** With the flag g, for the block's bytes as Latin-1. */
  | { readonly kind: 'pattern'; readonly pattern: RegExp }

/** Throws `SLUICE_CONTROL` in words for whoever typed the query. */
export function compileQuery(query: BacklogQuery): CompiledQuery {
  const { header } = query
  if (query.text !== undefined && query.regex !== undefined)
    throw new SluiceError('SLUICE_CONTROL', 'give a text or a regular expression to look for, not both')
  const find = finder(query)
  const match: Match = (event) => {
    if (header !== undefined) {
      const value = event.headers.get(header.name)
      if (value === undefined || (header.value !== undefined && value !== header.value)) return undefined
    }
    return find(event)
  }
  return { match, hint: hintOf(query) }
}

/** A literal of an expression that is shorter than this says less than the whole expression does. */
const leastLiteral = 3

function hintOf({ text, regex, ignoreCase = false, header }: BacklogQuery): BlockHint | undefined {
  const bytes = (word: string, either: boolean): BlockHint | undefined =>
    word === '' ? undefined : { kind: 'bytes', bytes: Buffer.from(word), ignoreCase: either }
  // Letters beyond ASCII change their bytes, and sometimes their number, with their case.
  if (text !== undefined && text !== '' && (!ignoreCase || isAscii(text))) return bytes(text, ignoreCase)
  const word = bytes(header?.value === undefined || header.value === '' ? (header?.name ?? '') : header.value, false)
  if (regex === undefined) return word
  const { literal, inBytes } = patternHint(regex, ignoreCase)
  if (literal.length >= leastLiteral || (literal !== '' && inBytes === undefined)) return bytes(literal, ignoreCase)
  return inBytes === undefined ? word : { kind: 'pattern', pattern: inBytes }
}

function finder({ text, regex, ignoreCase, in: where = 'any' }: BacklogQuery): Match {
  if (regex !== undefined) {
    const pattern = compilePattern(regex, ignoreCase === true)
    return placed(
      where,
      (body) => {
        const content = body.toString('utf8')
        const at = content.search(pattern)
        return at <= 0 ? at : Buffer.byteLength(content.slice(0, at))
      },
      (header) => pattern.test(header),
    )
  }
  if (text === undefined || text === '') return () => 0
  if (ignoreCase !== true) {
    const bytes = Buffer.from(text)
    return placed(
      where,
      (body) => body.indexOf(bytes),
      (header) => header.includes(text),
    )
  }
  const lower = text.toLowerCase()
  return placed(
    where,
    (body) => {
      if (isAscii(lower)) return body.toString('latin1').toLowerCase().indexOf(lower)
      const content = body.toString('utf8').toLowerCase()
      const at = content.indexOf(lower)
      return at <= 0 ? at : Math.min(body.length, Buffer.byteLength(content.slice(0, at)))
    },
    // A letter beyond ASCII may have one of ASCII for its small form (U+212A has k): that is no match, as in a body.
    isAscii(lower)
      ? (header) => Buffer.from(header).toString('latin1').toLowerCase().includes(lower)
      : (header) => header.toLowerCase().includes(lower),
  )
}

function placed(
  where: 'any' | 'body' | 'headers',
  inBody: (body: Buffer) => number,
  inHeader: (text: string) => boolean,
): Match {
  return ({ headers, body }) => {
    if (where !== 'headers') {
      const at = inBody(body)
      if (at >= 0) return at
    }
    if (where !== 'body') for (const [name, value] of headers) if (inHeader(name) || inHeader(value)) return -1
    return undefined
  }
}

function compilePattern(regex: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(regex, ignoreCase ? 'i' : '')
  } catch (error) {
    throw new SluiceError('SLUICE_CONTROL', `the regular expression cannot be used: ${errorText(error)}`)
  }
}

const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)
