/** Reads what a file_roll sink wrote, in the order in which it wrote it, and compares it with what was logged. */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RotatingLog } from './rotating-log.ts'

/** `<milliseconds>-<number>`: by the time the sink was made, then by number. */
function inOrder(one: string, other: string): number {
  const [time = 0, number = 0] = one.split('-').map((part) => parseInt(part, 10))
  const [otherTime = 0, otherNumber = 0] = other.split('-').map((part) => parseInt(part, 10))
  return time - otherTime || number - otherNumber
}

export function collectedFiles(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => /^\d+-\d+/.test(name))
    .sort(inOrder)
    .map((name) => join(directory, name))
}

export const collectedBytes = (directory: string) =>
  collectedFiles(directory).reduce((sum, path) => sum + statSync(path).size, 0)

export interface Comparison {
  readonly lines: number
  readonly missing: number
  readonly doubled: number
  readonly outOfOrder: number
  readonly foreign: number
  /** The first few of what is wrong, for the error text. */
  readonly examples: readonly string[]
}

/** Every line of every log, once, and in order within its file; all zeros but `lines` when that holds. */
export async function compare(directory: string, logs: readonly RotatingLog[]): Promise<Comparison> {
  const seen = new Map(logs.map((log) => [log.name, log.written.map((lines) => new Uint8Array(lines))]))
  const last = new Map<string, number>()
  const result = { lines: 0, missing: 0, doubled: 0, outOfOrder: 0, foreign: 0 }
  const examples: string[] = []
  const note = (text: string) => {
    if (examples.length < 10) examples.push(text)
  }
  for (const path of collectedFiles(directory))
    for await (const text of createInterface({ input: createReadStream(path) })) {
      result.lines++
      const [name = '', file = '', line = ''] = text.split(' ', 3)
      const marks = seen.get(name)?.[Number(file)]
      const number = Number(line)
      if (marks?.[number] === undefined) {
        result.foreign++
        note(`foreign: ${text}`)
        continue
      }
      if (marks[number] === 1) {
        result.doubled++
        note(`doubled: ${name} ${file} ${line} in ${path}`)
        continue
      }
      marks[number] = 1
      const key = `${name} ${file}`
      const before = last.get(key) ?? -1
      if (number < before) {
        result.outOfOrder++
        note(`${key} ${line} after ${before} in ${path}`)
      }
      last.set(key, number)
    }
  for (const [name, files] of seen)
    for (const [file, marks] of files.entries())
      for (const [line, mark] of marks.entries())
        if (mark === 0) {
          result.missing++
          note(`missing: ${name} ${file} ${line}`)
        }
  return { ...result, examples }
}

export const allArrived = (lines: number) => ({
  lines,
  missing: 0,
  doubled: 0,
  outOfOrder: 0,
  foreign: 0,
  examples: [],
})
