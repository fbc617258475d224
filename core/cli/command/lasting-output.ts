import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { systemCode } from '../../errors.ts'
import type { TextOutput } from './context.ts'

/** Milliseconds that a reader who lets a pipe run full is waited for, before a line is given up. */
const patience = 200

/**
 * Text for a file, a pipe or a terminal, whatever becomes of it: a full disk or a reader that is gone costs lines and never
 * the program, and there are lines again as soon as there is room. Node's own streams end at their first error, and with them,
 * as nobody expects it, the program.
 */
export class LastingOutput implements TextOutput {
  readonly #descriptor: number
  #lost = 0
  /** The last line was written in part. */
  #torn = false

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  get isTTY(): boolean {
    return isatty(this.#descriptor)
  }

  get columns(): number | undefined {
    return this.isTTY ? process.stderr.columns : undefined
  }

  /** False when the text is lost. */
  write(text: string): boolean {
    const ready = (!this.#torn && this.#lost === 0) || this.#put(this.#gap(text))
    if (ready) this.#lost = 0
    const written = ready && this.#put(text)
    if (!written) this.#lost++
    return written
  }

  /** What stands where lines are missing, in the form of those around it. */
  #gap(text: string): string {
    const said = `${this.#lost} lines could not be written here`
    const line = text.startsWith('{') ? JSON.stringify({ level: 'warn', message: said }) : `sluice: ${said}`
    return `${this.#torn ? '\n' : ''}${line}\n`
  }

  #put(text: string): boolean {
    const bytes = Buffer.from(text)
    const deadline = performance.now() + patience
    let at = 0
    while (at < bytes.length)
      try {
        at += writeSync(this.#descriptor, bytes, at)
      } catch (error) {
        if (systemCode(error) === 'EAGAIN' && performance.now() < deadline) continue
        this.#torn ||= at > 0
        return false
      }
    this.#torn = false
    return true
  }
}
