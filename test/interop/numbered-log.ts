/** A log that a program writes without a pause, and what of it arrives at the end of a chain of agents. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const line = (number: number) =>
  `${number} GET /größe?q=大きい 200 "Mozilla/5.0 (X11; Linux x86_64)" ${number * 7919}\t😀`

/** Appends numbered lines, each with its newline in the same write, until it is told to stop. */
export class NumberedLog {
  readonly #path: string
  readonly #perTick: number
  readonly #timer: NodeJS.Timeout
  lines = 0

  constructor(path: string, linesPerSecond: number) {
    const milliseconds = 20
    this.#path = path
    this.#perTick = Math.ceil((linesPerSecond * milliseconds) / 1000)
    this.#timer = setInterval(() => this.#append(), milliseconds)
  }

  #append(): void {
    let text = ''
    for (let count = 0; count < this.#perTick; count++) text += `${line(this.lines++)}\n`
    appendFileSync(this.#path, text)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

export interface Arrival {
  /** Whole lines in the files. */
  readonly lines: number
  /** Lines of the log that are in no file. */
  readonly missing: number
  /** Lines that are no line of the log, byte for byte. */
  readonly foreign: readonly string[]
  /** Lines that had come before. */
  readonly repeated: number
  /** Lines that came for the first time, but after one with a larger number. */
  readonly outOfOrder: number
  /** Files that end within a line: their writer was killed. */
  readonly torn: number
}

const begun = (name: string) => name.split('-').map((part) => Number.parseInt(part, 10))

/** Compares the text files of a `file_roll` sink, in the order in which they were begun, with a log of `written` lines. */
export function arrivalOf(folder: string, written: number): Arrival {
  const seen = new Uint8Array(written)
  const result = { lines: 0, missing: 0, repeated: 0, outOfOrder: 0, torn: 0 }
  const foreign: string[] = []
  let last = -1
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort((one, other) => {
      const [time = 0, number = 0] = begun(one)
      const [otherTime = 0, otherNumber = 0] = begun(other)
      return time - otherTime || number - otherNumber
    })
  for (const name of names) {
    const texts = readFileSync(join(folder, name), 'utf8').split('\n')
    const rest = texts.pop() ?? ''
    if (rest !== '') result.torn++
    for (const text of texts) {
      const number = Number.parseInt(text, 10)
      result.lines++
      if (!(number >= 0 && number < written) || text !== line(number)) foreign.push(text)
      else if (seen[number] === 1) result.repeated++
      else {
        seen[number] = 1
        if (number < last) result.outOfOrder++
        last = Math.max(last, number)
      }
    }
  }
  result.missing = seen.reduce((sum, mark) => sum + (1 - mark), 0)
  return { ...result, foreign: foreign.slice(0, 5) }
}

/** The largest number of a line that is in the files so far; -1 when there is none. */
export function newestLine(folder: string): number {
  let newest = -1
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const text = readFileSync(join(folder, entry.name), 'latin1')
    const end = text.lastIndexOf('\n')
    if (end === -1) continue
    const number = Number.parseInt(text.slice(text.lastIndexOf('\n', end - 1) + 1, end), 10)
    if (number > newest) newest = number
  }
  return newest
}
