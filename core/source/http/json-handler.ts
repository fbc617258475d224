import { errorText } from '../../errors.ts'
import { BadRequest, type HttpHandler } from './handler.ts'

const charsets: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-16': 'utf-16',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
}

/** An array of `{"headers": {…}, "body": "…"}` (flume.md §3.6): one event an element, all or none. */
export const jsonHandler: HttpHandler = ({ contentType, body }, events) => {
  const parsed = parse(decode(contentType, body))
  if (!Array.isArray(parsed))
    throw new BadRequest(400, `the body must be a JSON array of events; it is ${kind(parsed)}`)
  parsed.forEach((item: unknown, index) => {
    if (!isObject(item)) throw new BadRequest(400, `event ${index} must be an object; it is ${kind(item)}`)
    const text = item['body']
    if (text !== undefined && !isScalar(text))
      throw new BadRequest(400, `the body of event ${index} must be a string; it is ${kind(text)}`)
    events.addEvent(headersOf(item['headers'], index), Buffer.from(text === undefined ? '' : String(text)))
  })
}

function decode(contentType: string, body: Buffer): string {
  const name = /charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8'
  const encoding = charsets[name]
  if (encoding === undefined) throw new BadRequest(415, `charset ${name} is not taken: send utf-8 or utf-16`)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(body)
  } catch {
    throw new BadRequest(400, `the body is not ${encoding}`)
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') throw new BadRequest(400, 'the request has no body; send a JSON array of events')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadRequest(400, `the body is not JSON: ${errorText(error)}`)
  }
}

function headersOf(value: unknown, index: number): Map<string, string> {
  const headers = new Map<string, string>()
  if (value === undefined) return headers
  if (!isObject(value))
    throw new BadRequest(400, `the headers of event ${index} must be an object; they are ${kind(value)}`)
  for (const [key, text] of Object.entries(value)) {
    if (!isScalar(text))
      throw new BadRequest(400, `header ${JSON.stringify(key)} of event ${index} must be a string; it is ${kind(text)}`)
    headers.set(key, String(text))
  }
  return headers
}

const isScalar = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function kind(value: unknown): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`
}
