import { access, type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isSluiceError, systemCode } from '../../errors.ts'
import { type FrameCodec, frameBound } from './frame-codec.ts'
import { type FrameHeader, frameHeaderSize, frameSize, readFrameHeader } from './frame.ts'
import { indexPath, segmentPath } from './segment-files.ts'
import type { Place, SegmentEnd } from './worker-messages.ts'

const readAhead = 1 << 20

export type FrameRead =
  | {
      readonly found: 'frame'
      readonly header: FrameHeader
      readonly payload: Buffer
      readonly place: Place
      readonly end: Place
    }
  /** Bytes that are not the frame they should be. `header` when at least that is right. */
  | {
      readonly found: 'damage'
      readonly header: FrameHeader | undefined
      readonly place: Place
      readonly reason: string
    }

interface Chunk {
  readonly segment: number
  readonly start: number
  readonly bytes: Buffer
}

/**
 * Reads frames one after the other, through the segments, as far as they are durable. It reads a megabyte ahead and
 * hands out views on what it read; it asks no index.
 */
export class SegmentReader {
  readonly #folder: string
  readonly #salt: Uint8Array
  readonly #codec: FrameCodec
  readonly #ends: SegmentEnds
  #place: Place
  #file: { readonly segment: number; readonly handle: FileHandle } | undefined
  #chunk: Chunk | undefined
  #ahead: { readonly segment: number; readonly start: number; readonly read: Promise<Chunk> } | undefined

  constructor(folder: string, salt: Uint8Array, codec: FrameCodec, ends: SegmentEnds, place: Place) {
    this.#folder = folder
    this.#salt = salt
    this.#codec = codec
    this.#ends = ends
    this.#place = place
  }

  get place(): Place {
    return this.#place
  }

  seek(place: Place): void {
    this.#place = place
  }

  /** True when there is something durable to read: without it `next` gives undefined. */
  get more(): boolean {
    return this.#ends.last.id > this.#place.segment || this.#place.offset < this.#ends.length(this.#place.segment)
  }

  /** The next frame with events, or undefined at the end. Throws the system's error when the disk cannot be read. */
  async next(): Promise<FrameRead | undefined> {
    for (;;) {
      const place = this.#place
      const limit = this.#ends.length(place.segment)
      if (place.offset >= limit) {
        const following = this.#ends.after(place.segment)
        if (following === undefined) return undefined
        this.#place = { segment: following, offset: 0 }
        continue
      }
      let read = await this.#frame(place, limit, false)
      // Once more from the disk itself: what was wrong in memory may be right there.
      if (read.found === 'damage') read = await this.#frame(place, limit, true)
      if (read.found === 'damage') return read
      this.#place = read.end
      if (read.header.kind === 'events' && read.header.count > 0) return read
    }
  }

  async #frame(place: Place, limit: number, again: boolean): Promise<FrameRead> {
    if (again) this.#chunk = undefined
    const damage = (reason: string, header?: FrameHeader): FrameRead => ({ found: 'damage', header, place, reason })
    const head = await this.#bytes(place, frameHeaderSize, limit)
    const header = head.length < frameHeaderSize ? undefined : readFrameHeader(head, 0, this.#salt)
    if (header === undefined)
      return damage(head.length < frameHeaderSize ? 'its segment is gone or ends before it' : 'no frame header')
    const size = frameSize(header)
    if (place.offset + size > limit) return damage('frame reaches past its segment', header)
    const frame = await this.#bytes(place, size, limit)
    if (frame.length < size) return damage('frame is cut short', header)
    const stored = frame.subarray(frameHeaderSize + header.metaLength)
    if (crc32(stored) !== header.crc) return damage('payload CRC mismatch', header)
    const end = { segment: place.segment, offset: place.offset + size }
    if (header.codec === 0) return { found: 'frame', header, payload: stored, place, end }
    const bound = frameBound(this.#salt, header.block, header.firstEvent, header.count)
    try {
      const payload = this.#codec.decode(stored, header.codec, header.keyId, header.rawLength, bound)
      return { found: 'frame', header, payload, place, end }
    } catch (error) {
      if (isSluiceError(error, 'SLUICE_CHANNEL_CORRUPT')) return damage(error.message, header)
      throw error
    }
  }

  /** `length` bytes at `place`, fewer where the file ends early. */
  async #bytes(place: Place, length: number, limit: number): Promise<Buffer> {
    let chunk = this.#chunk
    if (chunk === undefined || !holds(chunk, place, length)) {
      const ahead = this.#ahead
      this.#ahead = undefined
      chunk = undefined
      if (ahead !== undefined && ahead.segment === place.segment && ahead.start === place.offset) {
        const read = await ahead.read
        if (holds(read, place, length)) chunk = read
      }
      chunk ??= await this.#read(place, Math.min(Math.max(length, readAhead), limit - place.offset))
      this.#chunk = chunk
      this.#readAhead(chunk, limit)
    }
    const from = place.offset - chunk.start
    return chunk.bytes.subarray(from, from + length)
  }

  /** Starts the read behind the last whole frame of `chunk`, so that no frame is pieced together from two. */
  #readAhead(chunk: Chunk, limit: number): void {
    let at = 0
    let wanted = readAhead
    for (;;) {
      const header = readFrameHeader(chunk.bytes, at, this.#salt)
      if (header === undefined) break
      wanted = Math.max(readAhead, frameSize(header))
      if (at + frameSize(header) > chunk.bytes.length) break
      at += frameSize(header)
    }
    const start = chunk.start + at
    if (at === 0 || start >= limit) return
    const read = this.#read({ segment: chunk.segment, offset: start }, Math.min(wanted, limit - start))
    // Whoever wants it sees the error; if nobody does, it is none.
    read.catch(() => undefined)
    this.#ahead = { segment: chunk.segment, start, read }
  }

  async #read(place: Place, length: number): Promise<Chunk> {
    const handle = await this.#open(place.segment)
    if (handle === undefined) return { segment: place.segment, start: place.offset, bytes: Buffer.alloc(0) }
    const bytes = Buffer.allocUnsafeSlow(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, place.offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return { segment: place.segment, start: place.offset, bytes: bytes.subarray(0, done) }
  }

  /**
   * The file of that segment; undefined when it alone is gone: removed because nothing of it was left in the queue (after damage
   * the worker knows that first), or by somebody else. Where the index is gone too, it is the folder that cannot be reached.
   */
  async #open(segment: number): Promise<FileHandle | undefined> {
    if (this.#file?.segment === segment) return this.#file.handle
    try {
      const handle = await open(segmentPath(this.#folder, segment), 'r')
      await this.#file?.handle.close()
      this.#file = { segment, handle }
      return handle
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      await access(indexPath(this.#folder))
      return undefined
    }
  }

  async close(): Promise<void> {
    const ahead = this.#ahead?.read
    this.#ahead = undefined
    this.#chunk = undefined
    await ahead?.catch(() => undefined)
    await this.#file?.handle.close()
    this.#file = undefined
  }
}

function holds(chunk: Chunk, place: Place, length: number): boolean {
  return (
    chunk.segment === place.segment &&
    place.offset >= chunk.start &&
    place.offset + length <= chunk.start + chunk.bytes.length
  )
}

/** How far each segment is durable, as the worker last said. */
export class SegmentEnds {
  #ends: SegmentEnd[]

  constructor(ends: readonly SegmentEnd[]) {
    this.#ends = [...ends]
  }

  get last(): SegmentEnd {
    return this.#ends.at(-1) ?? { id: 0, length: 0 }
  }

  update(end: SegmentEnd): void {
    if (end.id === 0) return
    if (this.last.id === end.id) this.#ends[this.#ends.length - 1] = end
    else if (end.id > this.last.id) this.#ends.push(end)
  }

  replace(ends: readonly SegmentEnd[]): void {
    this.#ends = [...ends]
  }

  length(id: number): number {
    return this.#ends.findLast((end) => end.id === id)?.length ?? 0
  }

  /** The segment behind `id`; those before it are forgotten. */
  after(id: number): number | undefined {
    while (this.#ends.length > 1 && this.#ends[0]!.id < id) this.#ends.shift()
    return this.#ends.find((end) => end.id > id)?.id
  }
}
