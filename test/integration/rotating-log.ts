/**
 * Log files as programs write them: each of several streams appends numbered lines to `NAME.log` and rotates it by
 * rename to `NAME.log.1`, `NAME.log.2`, … A line is `NAME FILE LINE filler`, where FILE counts the stream's files and
 * LINE the lines of that file, so that a reader can tell what is missing, doubled or out of order.
 */
import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const filler = 'GET /index.html HTTP/1.1 200 5316 "-" "Mozilla/5.0 (X11; Linux x86_64)" 0.004 upstream'

export class RotatingLog {
  readonly name: string
  readonly #path: string
  #file = 0
  #line = 0
  readonly written: number[] = [0]
  bytes = 0

  constructor(directory: string, name: string) {
    this.name = name
    this.#path = join(directory, `${name}.log`)
  }

  append(lines: number): void {
    let text = ''
    for (let i = 0; i < lines; i++) text += `${this.name} ${this.#file} ${this.#line++} ${filler}\n`
    appendFileSync(this.#path, text)
    this.bytes += text.length
    this.written[this.#file] = this.#line
  }

  rotate(): void {
    renameSync(this.#path, `${this.#path}.${this.#file + 1}`)
    this.#file++
    this.#line = 0
    this.written[this.#file] = 0
  }

  get lines(): number {
    return this.written.reduce((sum, lines) => sum + lines, 0)
  }
}
