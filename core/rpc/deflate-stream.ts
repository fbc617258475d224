import { Duplex } from 'node:stream'
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'

/**
 * A stream in the clear over one that is compressed: each direction is one continuous zlib stream for the life of the
 * connection, flushed after every write so that the peer can read it (flume.md §3.1.6). What comes in is inflated piece
 * by piece, no further than the reader takes it, so a small input that inflates to gigabytes costs no memory.
 */
export class DeflateStream extends Duplex {
  readonly #inner: Duplex
  readonly #deflate: Deflate
  readonly #inflate: Inflate

  /** `level`: 0 (none) to 9 (most). */
  constructor(inner: Duplex, level: number) {
    super({ allowHalfOpen: true })
    this.#inner = inner
    this.#deflate = createDeflate({ level })
    // A peer that dies does not write the end of its stream; what came before it counts.
    this.#inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 })
    this.#read()
    this.#write()
    for (const part of [inner, this.#deflate, this.#inflate]) part.on('error', (error) => this.destroy(error))
    inner.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#inflate.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#deflate.write(chunk)
    this.#flush(done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    for (const { chunk } of chunks) this.#deflate.write(chunk)
    this.#flush(done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#deflate.once('end', () => this.#inner.end(() => done()))
    this.#deflate.end()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deflate.destroy()
    this.#inflate.destroy()
    this.#inner.destroy()
    done(error)
  }

  #read(): void {
    const inner = this.#inner
    const inflate = this.#inflate
    inner.on('data', (chunk: Buffer) => {
      if (!inflate.write(chunk)) inner.pause()
    })
    inner.on('end', () => inflate.end())
    inflate.on('drain', () => inner.resume())
    inflate.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) inflate.pause()
    })
    inflate.on('end', () => this.push(null))
  }

  #write(): void {
    this.#deflate.on('data', (chunk: Buffer) => {
      if (!this.#inner.write(chunk)) this.#deflate.pause()
    })
    this.#inner.on('drain', () => this.#deflate.resume())
  }

  #flush(done: (error?: Error | null) => void): void {
    this.#deflate.flush(constants.Z_SYNC_FLUSH, () => done())
  }
}
