import iconv from 'iconv-lite'
import { SluiceError } from '../../errors.ts'

/** How the text of a file lies in its bytes, as far as splitting it into lines needs to know. */
export interface TextForm {
  /** Bytes of the smallest unit: line ends lie on multiples of it. */
  readonly unit: 1 | 2
  /** Bytes that continue a UTF-8 character must not be cut off. */
  readonly utf8: boolean
  /** The first unit with this code at or behind `at`; -1 when there is none. */
  find(bytes: Buffer, code: number, at: number): number
  codeAt(bytes: Buffer, at: number): number
  /** The text of `bytes[start … end)`. */
  text(bytes: Buffer, start: number, end: number): string
  /** Those bytes as UTF-8; undefined where bytes go into the event as they are. */
  readonly recode: ((bytes: Buffer, start: number, end: number) => Buffer) | undefined
}

const utf8: TextForm = {
  unit: 1,
  utf8: true,
  find: (bytes, code, at) => bytes.indexOf(code, at),
  codeAt: (bytes, at) => bytes[at] ?? 0,
  text: (bytes, start, end) => bytes.toString('utf8', start, end),
  recode: undefined,
}

function utf16(littleEndian: boolean): TextForm {
  const low = littleEndian ? 0 : 1
  const text = (bytes: Buffer, start: number, end: number) => {
    if (littleEndian) return bytes.toString('utf16le', start, end)
    return Buffer.from(bytes.subarray(start, end - ((end - start) % 2)))
      .swap16()
      .toString('utf16le')
  }
  return {
    unit: 2,
    utf8: false,
    find(bytes, code, at) {
      for (let found = bytes.indexOf(code, at + low); found >= 0; found = bytes.indexOf(code, found + 1)) {
        const start = found - low
        const other = bytes[littleEndian ? start + 1 : start]
        if ((start - at) % 2 === 0 && other === 0 && start + 2 <= bytes.length) return start
      }
      return -1
    },
    codeAt: (bytes, at) => (littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    text,
    recode: (bytes, start, end) => Buffer.from(text(bytes, start, end)),
  }
}

const utf16le = utf16(true)
const utf16be = utf16(false)

/** A character set that has ASCII's line ends as single bytes, recoded line by line. */
function singleByteLines(encoding: string): TextForm {
  const text = (bytes: Buffer, start: number, end: number) => iconv.decode(bytes.subarray(start, end), encoding)
  return { ...utf8, utf8: false, text, recode: (bytes, start, end) => Buffer.from(text(bytes, start, end)) }
}

/** The form of `encoding`; `SLUICE_CONFIG` when it is unknown or its line ends are not where bytes show them. */
export function textForm(encoding: string): TextForm {
  const name = encoding.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (name === 'auto' || name === 'utf8' || name === 'ascii' || name === 'usascii') return utf8
  if (name === 'utf16le' || name === 'ucs2') return utf16le
  if (name === 'utf16be') return utf16be
  if (!iconv.encodingExists(encoding) || /^(utf|ucs|binary|base64|hex)/.test(name))
    throw new SluiceError('SLUICE_CONFIG', `unknown encoding ${encoding}: give auto, UTF-8, UTF-16LE, ISO-8859-1, …`)
  return singleByteLines(encoding)
}

/** What a file's first bytes say about its form, and how many of them are the mark and no text. */
export function detectForm(head: Buffer, otherwise: TextForm): { form: TextForm; markLength: number } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf && otherwise.utf8) return { form: utf8, markLength: 3 }
  if (head[0] === 0xff && head[1] === 0xfe && (otherwise.utf8 || otherwise === utf16le))
    return { form: utf16le, markLength: 2 }
  if (head[0] === 0xfe && head[1] === 0xff && (otherwise.utf8 || otherwise === utf16be))
    return { form: utf16be, markLength: 2 }
  return { form: otherwise, markLength: 0 }
}

/**
 * The last place at or before `cut` where no character is cut in two; `start` itself only when `unfinished`: then `cut`
 * is the end of what is there, and a character may be there in part.
 */
export function cutAt(form: TextForm, bytes: Buffer, start: number, cut: number, unfinished: boolean): number {
  if (form.unit === 2) {
    let at = cut - ((cut - start) % 2)
    if (at <= start) at = start + 2
    const before = form.codeAt(bytes, at - 2)
    return before >= 0xd800 && before < 0xdc00 && at - 2 > start ? at - 2 : at
  }
  if (!form.utf8) return cut
  // Step back over continuation bytes to the lead byte of the last character.
  let lead = cut - 1
  while (lead > start && cut - lead < 4 && ((bytes[lead] ?? 0) & 0xc0) === 0x80) lead--
  const first = bytes[lead] ?? 0
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  const cutInTwo = lead + length > cut && (unfinished || ((bytes[cut] ?? 0) & 0xc0) === 0x80)
  return cutInTwo && (lead > start || unfinished) ? lead : cut
}
