import type { Event } from '../../event/event.ts'

const rowBytes = 16
const noBytes = Buffer.alloc(0)

/** One row of a hex dump: sixteen places of `XX `, then the same bytes as printable ASCII, others as dots. */
function dumpRow(bytes: Buffer): string {
  let hex = ''
  let text = ''
  for (let index = 0; index < rowBytes; index++) {
    const byte = bytes[index]
    if (byte === undefined) hex += '   '
    else {
      hex += `${byte.toString(16).toUpperCase().padStart(2, '0')} `
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
    }
  }
  return hex + text
}

/**
 * An event as Flume's logger sink writes it (flume.md §3.14): the headers, then a hex dump of the first `maxBytes` of the
 * body. Later rows carry their offset; the first has lost it.
 */
export function eventText({ headers, body }: Event, maxBytes: number): string {
  const pairs = [...headers].map(([key, value]) => `${key}=${value}`).join(', ')
  const shown = maxBytes === 0 ? noBytes : body.subarray(0, maxBytes)
  const rows: string[] = []
  for (let at = 0; at < shown.length; at += rowBytes) {
    const offset = at === 0 ? '' : `${at.toString(16).toUpperCase().padStart(8, '0')} `
    rows.push(offset + dumpRow(shown.subarray(at, at + rowBytes)))
  }
  const dump = rows.length === 0 ? '' : `${rows.join('\n')} `
  return `Event: { headers:{${pairs}} body: ${dump}}`
}
