import { StringDecoder } from 'node:string_decoder'

const newline = 10
const noBytes = Buffer.alloc(0)

/** What one look into a socket's bytes brought: whole lines, and whether a line grew past the limit. */
export interface Lines {
  /** Bodies without their newline, UTF-8. They are views on the buffer: use them before the next chunk comes. */
  readonly bodies: Buffer[]
  readonly tooLong: boolean
}

/** Turns bytes in some encoding into UTF-8; keeps a character that was cut between two chunks. */
export interface TextDecoding {
  /** `last` says that nothing more comes. */
  decode(chunk: Buffer, last: boolean): Buffer
}

/** A decoding for `encoding`; undefined when this runtime does not know it. UTF-8 passes as it is. */
export function textDecoding(encoding: string): TextDecoding | undefined {
  if (/^utf-?8$/i.test(encoding)) return { decode: (chunk) => chunk }
  // TextDecoder takes the name ISO-8859-1 for windows-1252, where 0x80 is the euro sign.
  if (/^((us-)?ascii|iso-?8859-1|iso_8859-1|latin-?1)$/i.test(encoding)) {
    const decoder = new StringDecoder('latin1')
    return { decode: (chunk) => Buffer.from(decoder.write(chunk)) }
  }
  try {
    const decoder = new TextDecoder(encoding)
    return { decode: (chunk, last) => Buffer.from(decoder.decode(chunk, { stream: !last })) }
  } catch {
    return undefined
  }
}

/**
 * Splits what a connection sends into lines. A line may have `maxLength` characters, its newline counted, as in Flume; only
 * lines that have more bytes than that are counted by the character.
 */
export class LineBuffer {
  readonly #maxLength: number
  readonly #decoding: TextDecoding
  /** What has not been given out; lines of it begin at `#at`. */
  #bytes: Buffer = noBytes
  #at = 0

  constructor(maxLength: number, decoding: TextDecoding) {
    this.#maxLength = maxLength
    this.#decoding = decoding
  }

  /** The first `most` of the lines that `chunk` completes; the rest come by `next`. */
  add(chunk: Buffer, most = Infinity): Lines {
    const fresh = this.#decoding.decode(chunk, false)
    this.#bytes = this.#bytes.length === this.#at ? fresh : Buffer.concat([this.#bytes.subarray(this.#at), fresh])
    this.#at = 0
    return this.next(most)
  }

  /** The next `most` lines; fewer when there are no more. A chunk of empty lines has tens of thousands. */
  next(most: number): Lines {
    const bytes = this.#bytes
    const bodies: Buffer[] = []
    while (bodies.length < most) {
      const end = bytes.indexOf(newline, this.#at)
      if (end < 0) {
        this.#bytes = Buffer.from(bytes.subarray(this.#at))
        this.#at = 0
        return { bodies, tooLong: this.#exceeds(this.#bytes, 0) }
      }
      const body = bytes.subarray(this.#at, end)
      if (this.#exceeds(body, 1)) return { bodies, tooLong: true }
      bodies.push(body)
      this.#at = end + 1
    }
    return { bodies, tooLong: false }
  }

  /** The text that came without a newline before the connection ended; undefined when there was none. */
  end(): Buffer | undefined {
    const rest = Buffer.concat([this.#bytes.subarray(this.#at), this.#decoding.decode(noBytes, true)])
    this.#bytes = noBytes
    this.#at = 0
    return rest.length === 0 ? undefined : rest
  }

  /** True when `text` with `more` characters is over the limit. */
  #exceeds(text: Buffer, more: number): boolean {
    if (text.length + more <= this.#maxLength) return false
    return text.toString('utf8').length + more > this.#maxLength
  }
}
