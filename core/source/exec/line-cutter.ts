const newline = 10
const carriageReturn = 13

/**
 * Cuts a stream of bytes into lines of at most `mostBytes`; longer ones go on as further lines. Memory stays bounded. LF, CR and
 * CRLF each end a line, as in Java's readLine, which Flume uses: programs that draw progress end their lines with CR.
 */
export class LineCutter {
  readonly #mostBytes: number
  #parts: Buffer[] = []
  #length = 0
  /** The last byte was a CR that ended a line: an LF that follows belongs to it. */
  #afterReturn = false

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Calls `line` with each line that `chunk` completes, without its end. */
  add(chunk: Buffer, line: (body: Buffer) => void): void {
    let start = 0
    while (start < chunk.length) {
      if (this.#afterReturn && chunk[start] === newline) start++
      this.#afterReturn = false
      const end = lineEnd(chunk, start)
      const room = this.#mostBytes - this.#length
      if (end - start > room) {
        this.#keep(chunk.subarray(start, start + room))
        this.end(line)
        start += room
        continue
      }
      this.#keep(chunk.subarray(start, end))
      if (end === chunk.length) return
      line(this.#take())
      this.#afterReturn = chunk[end] === carriageReturn
      start = end + 1
    }
  }

  /** Calls `line` with what came without an end, if anything did. */
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

/** Where the line that begins at `start` ends; the length of the chunk when it does not. */
function lineEnd(chunk: Buffer, start: number): number {
  for (let at = start; at < chunk.length; at++) {
    const byte = chunk[at]
    if (byte === newline || byte === carriageReturn) return at
  }
  return chunk.length
}
