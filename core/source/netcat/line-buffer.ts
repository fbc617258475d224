import { StringDecoder } from 'node:string_decoder'

const newline = 10

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
  #rest: Buffer = Buffer.alloc(0)

  constructor(maxLength: number, decoding: TextDecoding) {
    this.#maxLength = maxLength
    this.#decoding = decoding
  }

  /** The lines that `chunk` completes. */
  add(chunk: Buffer): Lines {
    const fresh = this.#decoding.decode(chunk, false)
    const bytes = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh])
    const bodies: Buffer[] = []
    let start = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
      const body = bytes.subarray(start, at)
      if (this.#exceeds(body, 1)) return { bodies, tooLong: true }
      bodies.push(body)
      start = at + 1
    }
    this.#rest = Buffer.from(bytes.subarray(start))
    return { bodies, tooLong: this.#exceeds(this.#rest, 0) }
  }

  /** The text that came without a newline before the connection ended; undefined when there was none. */
  end(): Buffer | undefined {
    const rest = Buffer.concat([this.#rest, this.#decoding.decode(Buffer.alloc(0), true)])
    this.#rest = Buffer.alloc(0)
    return rest.length === 0 ? undefined : rest
  }

  /** True when `text` with `more` characters is over the limit. */
  #exceeds(text: Buffer, more: number): boolean {
    if (text.length + more <= this.#maxLength) return false
    return text.toString('utf8').length + more > this.#maxLength
  }
}
