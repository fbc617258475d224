const newline = 10

/** Cuts a stream of bytes into lines of at most `mostBytes`; longer ones go on as further lines. Memory stays bounded. */
export class LineCutter {
  readonly #mostBytes: number
  #parts: Buffer[] = []
  #length = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Calls `line` with each line that `chunk` completes, without its newline. */
  add(chunk: Buffer, line: (body: Buffer) => void): void {
    let start = 0
    while (start < chunk.length) {
      const found = chunk.indexOf(newline, start)
      const end = found < 0 ? chunk.length : found
      const room = this.#mostBytes - this.#length
      if (end - start > room) {
        this.#keep(chunk.subarray(start, start + room))
        this.end(line)
        start += room
        continue
      }
      this.#keep(chunk.subarray(start, end))
      if (found < 0) return
      line(this.#take())
      start = found + 1
    }
  }

  /** Calls `line` with what came without a newline, if anything did. */
  end(line: (body: Buffer) => void): void {
    if (this.#length > 0) line(this.#take())
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#parts.push(part)
    this.#length += part.length
  }

  #take(): Buffer {
    const [only] = this.#parts
    const body = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts)
    this.#parts = []
    this.#length = 0
    return body
  }
}
