/** A place in a configuration file: 1-based, 0 when it is about the file as a whole. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One key with its value, as a file has it, both trimmed as Flume does. */
export interface ConfigEntry {
  /** Whole: `a1.sources.r1.port`. */
  readonly key: string
  readonly value: string
  readonly keyAt: Position
  readonly valueAt: Position
  /** The items of a YAML list; `value` has them separated by blanks. */
  readonly items?: readonly string[]
  /** Where the value came from when it does not stand in the file: `-Djavax.net.ssl.keyStore`. */
  readonly origin?: string
}

/** Turns offsets of a text into lines and columns. */
export class LineIndex {
  readonly #file: string
  /** Where each line starts. */
  readonly #starts: number[] = [0]

  constructor(file: string, text: string) {
    this.#file = file
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(index + end.length)
  }

  at(offset: number): Position {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.#file, line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }
}
