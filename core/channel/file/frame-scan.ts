import { crc32 } from 'node:zlib'
import { type FrameHeader, frameHeaderSize, frameSize, magicBytes, readFrameHeader, saltAt } from './frame.ts'
import { readFully } from './segment-files.ts'

/** What a scan meets, in the order of the file. */
export type Scanned =
  | {
      readonly found: 'frame'
      readonly header: FrameHeader
      readonly meta: Buffer
      readonly at: number
      readonly end: number
    }
  /** Bytes that are no frame, with a good frame or the end of the file behind them. */
  | {
      readonly found: 'damage'
      readonly at: number
      readonly end: number
      readonly tail: boolean
      readonly reason: string
    }

export interface ScanOptions {
  readonly salt: Uint8Array | undefined
  /** Verify payloads too; without it only headers and meta areas are read. */
  readonly payloads: boolean
  readonly limit?: number
}

const window = 1 << 20

/**
 * Reads the frames of an open segment file from `from` to `options.limit` (the file's size when absent). Damage is
 * skipped by looking for the next header with a right CRC and the channel's salt.
 */
export function* scanFrames(descriptor: number, from: number, size: number, options: ScanOptions): Generator<Scanned> {
  const end = Math.min(size, options.limit ?? size)
  const reader = new Window(descriptor, end)
  let salt = options.salt
  let at = from
  while (at < end) {
    const header = reader.header(at, salt)
    const reason = header === undefined ? 'no frame header' : problem(reader, header, at, end, options.payloads)
    if (header !== undefined && reason === undefined) {
      salt ??= reader.salt(at)
      const meta = Buffer.from(reader.bytes(at + frameHeaderSize, header.metaLength))
      const next = at + frameSize(header)
      yield { found: 'frame', header, meta, at, end: next }
      at = next
    } else {
      const next = resync(reader, at + 1, end, salt)
      yield { found: 'damage', at, end: next ?? end, tail: next === undefined, reason: reason ?? 'damaged' }
      at = next ?? end
    }
  }
}

function problem(reader: Window, header: FrameHeader, at: number, end: number, payloads: boolean): string | undefined {
  if (at + frameSize(header) > end) return 'frame is cut short'
  const metaAt = at + frameHeaderSize
  if (crc32(reader.bytes(metaAt, header.metaLength)) !== header.metaCrc) return 'meta CRC mismatch'
  if (payloads && crc32(reader.bytes(metaAt + header.metaLength, header.length)) !== header.crc)
    return 'payload CRC mismatch'
  return undefined
}

/** Where the next frame starts at or after `from` whose header and meta are right. */
function resync(reader: Window, from: number, end: number, salt: Uint8Array | undefined): number | undefined {
  for (let at = from; at < end;) {
    const bytes = reader.bytes(at, Math.min(window, end - at))
    for (let hit = bytes.indexOf(magicBytes); hit >= 0; hit = bytes.indexOf(magicBytes, hit + 1)) {
      const header = reader.header(at + hit, salt)
      if (header !== undefined && problem(reader, header, at + hit, end, true) === undefined) return at + hit
    }
    at += Math.max(1, bytes.length - magicBytes.length + 1)
  }
  return undefined
}

/** A moving view on a file, so that small reads do not each go to the system. */
class Window {
  readonly #descriptor: number
  readonly #end: number
  #bytes = Buffer.alloc(0)
  #start = 0

  constructor(descriptor: number, end: number) {
    this.#descriptor = descriptor
    this.#end = end
  }

  /** `length` bytes at `at`, fewer at the end of the file; valid until a call outside the window. */
  bytes(at: number, length: number): Buffer {
    if (at < this.#start || at + length > this.#start + this.#bytes.length) {
      const wanted = Math.max(length, Math.min(window, this.#end - at))
      const fresh = Buffer.allocUnsafeSlow(Math.max(0, wanted))
      const read = readFully(this.#descriptor, fresh, fresh.length, at)
      this.#bytes = fresh.subarray(0, read)
      this.#start = at
    }
    return this.#bytes.subarray(at - this.#start, at - this.#start + length)
  }

  header(at: number, salt: Uint8Array | undefined): FrameHeader | undefined {
    return readFrameHeader(this.bytes(at, Math.min(frameHeaderSize, this.#end - at)), 0, salt)
  }

  salt(at: number): Buffer {
    return saltAt(this.bytes(at, frameHeaderSize), 0)
  }
}
