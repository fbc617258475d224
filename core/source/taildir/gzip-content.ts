import type { FileHandle } from 'node:fs/promises'
import { Readable, pipeline } from 'node:stream'
import { type Gunzip, createGunzip } from 'node:zlib'
import type { FileContent } from './file-content.ts'

/**
 * What a gzip file decompresses to. Reading goes forward; a step back beyond the last read starts over. A file that is
 * cut off rejects with zlib's error: it may still be being written.
 */
export class GzipContent implements FileContent {
  readonly #handle: FileHandle
  #gunzip: Gunzip | undefined
  #chunks: AsyncIterator<Buffer> | undefined
  /** What the last read that went forward returned. */
  #window = Buffer.alloc(0)
  #windowStart = 0
  /** Decompressed, but not returned yet; it begins where the window ends. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    if (this.#chunks === undefined || position < this.#windowStart) this.#restart()
    let filled = 0
    const windowEnd = this.#windowStart + this.#window.length
    if (position < windowEnd) filled = this.#window.copy(buffer, 0, position - this.#windowStart)
    // All of it was in the window: that stays, for it holds more than this.
    if (filled === buffer.length) return filled
    let skip = Math.max(0, position - windowEnd)
    while (filled < buffer.length) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks?.next()
        if (next === undefined || next.done === true) break
        this.#rest = next.value
      }
      const skipped = Math.min(skip, this.#rest.length)
      skip -= skipped
      const copied = this.#rest.copy(buffer, filled, skipped)
      filled += copied
      this.#rest = this.#rest.subarray(skipped + copied)
    }
    // What was asked for begins behind the end: the window stays at the end, so that the next read finds its place.
    if (skip > 0) {
      this.#window = Buffer.alloc(0)
      this.#windowStart = position - skip
      return 0
    }
    this.#window = Buffer.from(buffer.subarray(0, filled))
    this.#windowStart = position
    return filled
  }

  async links(): Promise<number> {
    return (await this.#handle.stat()).nlink
  }

  async close(): Promise<void> {
    this.#gunzip?.destroy()
    await this.#handle.close()
  }

  async *#compressed(): AsyncGenerator<Buffer> {
    for (let position = 0; ;) {
      const buffer = Buffer.alloc(256 * 1024)
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  #restart(): void {
    this.#gunzip?.destroy()
    const gunzip = createGunzip({ chunkSize: 256 * 1024 })
    // A stream that the handle makes would close it when it ends.
    const file = Readable.from(this.#compressed())
    // Whoever reads the chunks gets the error.
    pipeline(file, gunzip, () => undefined)
    this.#gunzip = gunzip
    this.#chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    this.#window = Buffer.alloc(0)
    this.#windowStart = 0
    this.#rest = Buffer.alloc(0)
  }
}
