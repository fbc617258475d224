import type { Event } from '../event/event.ts'

/** A waiting event as a list shows it: bounded, whatever the event holds. */
export interface BacklogRow {
  readonly number: number
  /** When it came in, epoch milliseconds. */
  readonly at: number
  /** Bytes of the body. */
  readonly size: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** There is more of the headers than is shown. */
  readonly headersCut: boolean
  /** A part of the body as text, control characters as they are; of binary bodies in hexadecimal. */
  readonly body: string
  /** Characters of the body before that part (bytes of binary ones). */
  readonly bodyFrom: number
  /** There is more of the body behind it. */
  readonly bodyCut: boolean
  readonly binary: boolean
}

const mostBody = 300
const mostHeaders = 600
/** Characters of a body before a hit that are shown with it. */
const beforeHit = 80
/** Bytes that are looked at to tell whether a body is text. */
const sample = 512

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text is valid UTF-8 without NUL, as far as its first bytes show; a character cut in two at their end is none the less. */
export function isText(body: Buffer): boolean {
  const head = body.subarray(0, sample)
  if (head.includes(0)) return false
  for (let cut = 0; cut < (head.length < body.length ? 4 : 1); cut++)
    try {
      utf8.decode(head.subarray(0, head.length - cut))
      return true
    } catch {
      // One byte fewer may end at a character's end.
    }
  return false
}

/** `hit`: the byte of the body at which the search found something; the preview begins a little before it. */
export function backlogRow(number: number, at: number, { headers, body }: Event, hit = 0): BacklogRow {
  const binary = !isText(body)
  return { number, at, size: body.length, ...headerPreview(headers), binary, ...bodyPreview(body, binary, hit) }
}

function headerPreview(headers: Event['headers']): Pick<BacklogRow, 'headers' | 'headersCut'> {
  const shown: [string, string][] = []
  let room = mostHeaders
  for (const [name, value] of headers) {
    if (room <= 0) return { headers: shown, headersCut: true }
    const part: [string, string] = [name.slice(0, room), value.slice(0, Math.max(0, room - name.length))]
    room -= name.length + value.length
    shown.push(part)
  }
  return { headers: shown, headersCut: room < 0 }
}

function bodyPreview(body: Buffer, binary: boolean, hit: number): Pick<BacklogRow, 'body' | 'bodyFrom' | 'bodyCut'> {
  if (binary) {
    const from = Math.max(0, hit - beforeHit / 2)
    const part = body.subarray(from, from + mostBody / 2)
    return { body: part.toString('hex'), bodyFrom: from, bodyCut: from + part.length < body.length }
  }
  const before = hit <= beforeHit ? '' : body.toString('utf8', 0, hit)
  const from = Math.max(0, before.length - beforeHit)
  const start = from === 0 ? 0 : Buffer.byteLength(before.slice(0, from))
  const text = body.toString('utf8', start, start + mostBody * 4)
  const part = text.slice(0, mostBody)
  return { body: part, bodyFrom: from, bodyCut: text.length > part.length || start + mostBody * 4 < body.length }
}
