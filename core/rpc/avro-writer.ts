/** Avro values written one after the other; for handshakes and call heads, not for events. */
export class AvroWriter {
  readonly #parts: Buffer[] = []

  /** A zig-zag long within ±2^53. */
  long(value: number): this {
    const bytes: number[] = []
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    // Doubling keeps every integer up to 2^53 exact: only the exponent of the floating-point number grows.
    while (rest >= 128) {
      bytes.push((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
    this.#parts.push(Buffer.from(bytes))
    return this
  }

  /** A boolean, or a fixed value's raw bytes. */
  raw(bytes: Buffer): this {
    this.#parts.push(bytes)
    return this
  }

  bytes(bytes: Buffer): this {
    return this.long(bytes.length).raw(bytes)
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text))
  }

  map(entries: ReadonlyMap<string, Buffer>): this {
    if (entries.size > 0) {
      this.long(entries.size)
      for (const [key, value] of entries) this.text(key).bytes(value)
    }
    return this.long(0)
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
