import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LastingOutput } from '../core/cli/command/lasting-output.ts'

const mostBytes = 10 * 1024 * 1024
const mostFiles = 5
/** The terminal that the app was started from may be gone, too. */
const lastResort = new LastingOutput(2)

/** The app's log in a folder: `sluice.log`, and up to four older ones of 10 MB each. */
export class LogFile {
  readonly folder: string
  readonly #path: string
  #size: number

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.folder = folder
    this.#path = join(folder, 'sluice.log')
    this.#size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Whole lines as they come from a process. A log that cannot be written is no reason for anything to end. */
  write(text: string): void {
    try {
      if (this.#size > mostBytes) this.#rotate()
      appendFileSync(this.#path, text)
      this.#size += Buffer.byteLength(text)
    } catch (error) {
      lastResort.write(`the log ${this.#path} cannot be written: ${String(error)}\n${text}`)
    }
  }

  /** A line of the desktop's own, in the form of the agent's. */
  say(message: string, level: 'info' | 'warn' | 'error' = 'info'): void {
    this.write(`${JSON.stringify({ level, time: new Date().toISOString(), component: 'desktop', message })}\n`)
  }

  #rotate(): void {
    rmSync(`${this.#path}.${mostFiles - 1}`, { force: true })
    for (let older = mostFiles - 2; older >= 1; older--)
      if (statSync(`${this.#path}.${older}`, { throwIfNoEntry: false }))
        renameSync(`${this.#path}.${older}`, `${this.#path}.${older + 1}`)
    renameSync(this.#path, `${this.#path}.1`)
    this.#size = 0
  }
}
