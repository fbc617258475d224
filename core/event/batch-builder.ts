import { longSize, writeLong } from './avro-bytes.ts'
import { Batch, type TakenEvents } from './batch.ts'
import { type Headers, noHeaders } from './event.ts'
import { sharedMemory } from './shared-memory.ts'

/** The Avro form of a header map: one block and the closing zero, or just the zero when it is empty. */
export function encodeHeaders(headers: Headers): Buffer {
  if (headers.size === 0) return Buffer.from([0])
  const pairs = [...headers].map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const)
  let size = longSize(headers.size) + 1
  for (const [key, value] of pairs) size += longSize(key.length) + key.length + longSize(value.length) + value.length
  const bytes = Buffer.alloc(size)
  let at = writeLong(bytes, headers.size, 0)
  for (const pair of pairs)
    for (const text of pair) {
      at = writeLong(bytes, text.length, at)
      at += text.copy(bytes, at)
    }
  return bytes
}

/**
 * Writes events into one shared-memory buffer. Sources whose events share their headers set them once with
 * `shareHeaders` and then add bodies only; nothing is allocated per event. A builder makes one batch: `finish` hands
 * its memory over.
 */
export class BatchBuilder {
  #bytes: Buffer
  #length = 0
  #count = 0
  #shared: Buffer = encodeHeaders(noHeaders)

  /** `capacity` is the first size of the buffer in bytes; it doubles as needed. */
  constructor(capacity = 64 * 1024) {
    this.#bytes = sharedMemory.take(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** Headers of every event that `addBody` and `addSlice` add from now on. */
  shareHeaders(headers: Headers): void {
    this.#shared = encodeHeaders(headers)
  }

  addBody(body: Buffer): void {
    this.#add(this.#shared, body, 0, body.length)
  }

  /** Adds an event whose body is `source[start … end)`, with the shared headers. */
  addSlice(source: Buffer, start: number, end: number): void {
    this.#add(this.#shared, source, start, end)
  }

  /** Adds an event with headers of its own. */
  addEvent(headers: Headers, body: Buffer): void {
    this.#add(encodeHeaders(headers), body, 0, body.length)
  }

  /** Adds an event that is already in Avro form: `source[start … end)`. */
  addEncoded(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    // `copy` makes no view, `set` would need one.
    this.#length += source.copy(this.#bytes, this.#length, start, end)
    this.#count++
  }

  /** Adds `count` events in a row that are already in Avro form: `source[start … end)`. */
  addEncodedRun(source: Buffer, start: number, end: number, count: number): void {
    this.addEncoded(source, start, end)
    this.#count += count - 1
  }

  #add(headers: Buffer, source: Buffer, start: number, end: number): void {
    const size = end - start
    this.#reserve(headers.length + 5 + size)
    const bytes = this.#bytes
    let at = this.#length
    if (headers.length === 1) bytes[at++] = 0
    else {
      bytes.set(headers, at)
      at += headers.length
    }
    at = writeLong(bytes, size, at)
    source.copy(bytes, at, start, end)
    this.#length = at + size
    this.#count++
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = sharedMemory.take(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    sharedMemory.give(this.#bytes)
    this.#bytes = larger
  }

  /** The batch of all that was added; `taken`: of which batch they are a part. The builder is empty afterwards and takes new memory when it is used again. */
  finish(taken?: TakenEvents): Batch {
    const batch = new Batch(this.#bytes.subarray(0, this.#length), this.#count, this.#bytes, taken)
    this.#bytes = noBytes
    this.#length = 0
    this.#count = 0
    return batch
  }
}

const noBytes = Buffer.alloc(0)

/** A buffer in shared memory of exactly `size` bytes: a worker can read it with no copy and no change of owner. */
export function sharedBuffer(size: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(size))
}
