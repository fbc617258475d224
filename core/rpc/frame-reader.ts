import { sharedBuffer } from '../event/batch-builder.ts'
import { sharedMemory } from '../event/shared-memory.ts'
import { SluiceError } from '../errors.ts'

/** One Avro RPC message: its buffers joined. */
export interface Frame {
  readonly serial: number
  readonly bytes: Buffer
  /** The pooled memory that holds `bytes` alone, for `Batch.recycle`; undefined when it is not pooled. */
  readonly memory: Buffer | undefined
}

export interface FrameLimits {
  /** Most bytes of one message. */
  readonly maxFrameSize: number
  /** Most buffers of one message; Avro's Java side cuts a message into pieces of 8 kB. */
  readonly maxBuffers: number
}

export const defaultFrameLimits: FrameLimits = { maxFrameSize: 64 * 1024 * 1024, maxBuffers: 1 << 20 }

/** Memory is taken for what a peer announces up to here; beyond it, only as the bytes come in. */
const trustedSize = 1024 * 1024
/** A message below this size gets memory of its own size: an event of 100 bytes must not hold a page of 64 kB. */
const smallSize = 16 * 1024

const noBytes = Buffer.alloc(0)

/**
 * Cuts a byte stream into frames (flume.md §3.1.2: `serial count (length bytes)*`, 32-bit big-endian). Bytes are copied
 * once, into shared memory. Lengths are checked before anything is allocated for them; a bad one throws `SLUICE_FRAME`,
 * after which the stream cannot be read on.
 */
export class FrameReader {
  readonly #limits: FrameLimits
  readonly #onFrame: (frame: Frame) => void
  readonly #head = Buffer.alloc(8)
  #headLength = 0
  #headWanted = 8
  #serial = 0
  #buffersLeft = 0
  #bytesLeft = 0
  #memory: Buffer = noBytes
  #length = 0
  #held = false
  #chunk: Buffer = noBytes
  #at = 0

  /** `onFrame` is called from within `push` and `resume`; it may call `hold`. */
  constructor(limits: FrameLimits, onFrame: (frame: Frame) => void) {
    this.#limits = limits
    this.#onFrame = onFrame
  }

  /** True when a frame has begun and is not complete. */
  get midFrame(): boolean {
    return this.#headLength > 0 || this.#headWanted === 4 || this.#bytesLeft > 0
  }

  /** Bytes of a frame that is not complete. */
  get unfinished(): number {
    return this.#length
  }

  /** Takes the next bytes of the stream. While held they are only kept, so the caller should stop reading. */
  push(chunk: Buffer): void {
    if (this.#at < this.#chunk.length) this.#chunk = Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    else this.#chunk = chunk
    this.#at = 0
    this.#read()
  }

  /** No more frames until `resume`. */
  hold(): void {
    this.#held = true
  }

  resume(): void {
    this.#held = false
    this.#read()
  }

  /** Gives back the memory of a frame that will never be complete. */
  close(): void {
    this.#held = true
    this.#chunk = noBytes
    this.#at = 0
    sharedMemory.give(this.#memory)
    this.#memory = noBytes
  }

  #read(): void {
    while (!this.#held && this.#at < this.#chunk.length) {
      const left = this.#chunk.length - this.#at
      if (this.#bytesLeft > 0) {
        const take = Math.min(left, this.#bytesLeft)
        this.#reserve(take)
        this.#chunk.copy(this.#memory, this.#length, this.#at, this.#at + take)
        this.#length += take
        this.#at += take
        this.#bytesLeft -= take
        if (this.#bytesLeft === 0) this.#bufferDone()
        continue
      }
      const take = Math.min(left, this.#headWanted - this.#headLength)
      this.#chunk.copy(this.#head, this.#headLength, this.#at, this.#at + take)
      this.#headLength += take
      this.#at += take
      if (this.#headLength < this.#headWanted) break
      this.#headLength = 0
      if (this.#headWanted === 8) this.#beginFrame()
      else this.#beginBuffer()
    }
    if (this.#at === this.#chunk.length) {
      this.#chunk = noBytes
      this.#at = 0
    }
  }

  #beginFrame(): void {
    this.#serial = this.#head.readInt32BE(0)
    const count = this.#head.readInt32BE(4)
    if (count < 0 || count > this.#limits.maxBuffers)
      throw new SluiceError(
        'SLUICE_FRAME',
        `no Avro frame: it announces ${count} buffers, 0 to ${this.#limits.maxBuffers} are allowed${guess(this.#serial)}`,
      )
    this.#buffersLeft = count
    this.#length = 0
    if (count === 0) this.#frameDone()
    else this.#headWanted = 4
  }

  #beginBuffer(): void {
    const length = this.#head.readInt32BE(0)
    const room = this.#limits.maxFrameSize - this.#length
    if (length < 0)
      throw new SluiceError(
        'SLUICE_FRAME',
        `no Avro frame: it announces a buffer of ${length} bytes${guess(this.#serial)}`,
      )
    if (length > room)
      throw new SluiceError(
        'SLUICE_FRAME',
        `frame of ${this.#length + length} bytes or more; maxFrameSize is ${this.#limits.maxFrameSize}`,
      )
    this.#bytesLeft = length
    if (length === 0) this.#bufferDone()
  }

  #bufferDone(): void {
    if (--this.#buffersLeft > 0) return
    this.#frameDone()
  }

  #frameDone(): void {
    this.#headWanted = 8
    const length = this.#length
    let bytes: Buffer
    let memory: Buffer | undefined
    if (length < smallSize) {
      bytes = sharedBuffer(length)
      this.#memory.copy(bytes, 0, 0, length)
      sharedMemory.give(this.#memory)
    } else {
      memory = this.#memory
      bytes = memory.subarray(0, length)
    }
    this.#memory = noBytes
    this.#length = 0
    this.#onFrame({ serial: this.#serial, bytes, memory })
  }

  #reserve(take: number): void {
    const needed = this.#length + take
    if (needed <= this.#memory.length) return
    const announced = this.#length + this.#bytesLeft
    const size = Math.max(needed, Math.min(announced, Math.max(trustedSize, 2 * this.#memory.length)))
    const more = this.#buffersLeft > 1 ? Math.max(size, 2 * this.#memory.length) : size
    const larger = sharedMemory.take(more)
    this.#memory.copy(larger, 0, 0, this.#length)
    sharedMemory.give(this.#memory)
    this.#memory = larger
  }
}

/** What else a peer may be speaking, from the four bytes where a serial should be. */
function guess(serial: number): string {
  const head = Buffer.alloc(4)
  head.writeInt32BE(serial)
  if (/^(GET |POST|HEAD|PUT |OPTI|DELE|CONN)/.test(head.toString('latin1'))) return '; it looks like HTTP'
  if (head[0] === 0x16 && head[1] === 3) return '; it looks like TLS, which is off here'
  if (head[0] === 0x78 && (head[1] === 0x9c || head[1] === 0x01 || head[1] === 0xda))
    return '; it looks like compression-type = deflate, which is off here'
  return ''
}
