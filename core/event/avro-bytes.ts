/**
 * Avro's binary primitives over a Buffer (Avro 1.11 specification, "Binary Encoding"): zig-zag variable-length longs,
 * and byte strings with their length in front. Lengths of more than 2^31-1 do not occur inside one batch.
 */
import { SluiceError } from '../errors.ts'

/** Bytes that `value` (0 … 2^31-1) takes as a zig-zag variable-length long. */
export function longSize(value: number): number {
  return value < 0x40 ? 1 : value < 0x2000 ? 2 : value < 0x100000 ? 3 : value < 0x8000000 ? 4 : 5
}

/** Writes `value` (0 … 2^31-1) at `at`; returns the position behind it. */
export function writeLong(bytes: Uint8Array, value: number, at: number): number {
  if (value < 0x40) {
    bytes[at] = value << 1
    return at + 1
  }
  let low = (value & 0x3f) << 1
  let rest = value >>> 6
  while (rest !== 0) {
    bytes[at++] = low | 0x80
    low = rest & 0x7f
    rest >>>= 7
  }
  bytes[at++] = low
  return at
}

/** Where a reader stands in a buffer. Reading past `end` or a malformed number throws `SLUICE_EVENT_FORMAT`. */
export class AvroCursor {
  readonly bytes: Buffer
  readonly end: number
  at: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** A zig-zag long within ±2^53. */
  long(): number {
    let at = this.at
    if (at < this.end) {
      const first = this.bytes[at]!
      if (first < 0x80) {
        this.at = at + 1
        return (first >>> 1) ^ -(first & 1)
      }
    }
    let value = 0
    let scale = 1
    for (let count = 0; ; count++) {
      if (at >= this.end) throw new SluiceError('SLUICE_EVENT_FORMAT', `Avro data ends inside a number at byte ${at}`)
      if (count === 8) throw new SluiceError('SLUICE_EVENT_FORMAT', `Avro number too long at byte ${this.at}`)
      const byte = this.bytes[at++]!
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) break
    }
    this.at = at
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** The length of a byte string, checked against what is left. */
  length(): number {
    const length = this.long()
    if (length < 0 || length > this.end - this.at)
      throw new SluiceError('SLUICE_EVENT_FORMAT', `Avro length ${length} at byte ${this.at} leaves the data`)
    return length
  }

  /** A view of a byte string: it lives as long as the buffer below it. */
  view(): Buffer {
    const length = this.length()
    const start = this.at
    this.at = start + length
    return this.bytes.subarray(start, this.at)
  }

  text(): string {
    const length = this.length()
    const start = this.at
    this.at = start + length
    return this.bytes.toString('utf8', start, this.at)
  }

  skip(): void {
    const length = this.length()
    this.at += length
  }

  /** Steps over a map<string> or map<bytes>: both are length-prefixed pairs. */
  skipMap(): void {
    for (;;) {
      let count = this.long()
      if (count === 0) return
      if (count < 0) {
        this.long()
        count = -count
      }
      // Each pair takes two bytes at least, so a lying count ends at the end of the data, not in a long loop.
      for (let index = 0; index < count; index++) {
        this.skip()
        this.skip()
      }
    }
  }
}
