import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { DiskShim } from './disk-shim.ts'

/** A running `disk-load-child.ts` on the shim's disk. */
export class DiskLoad {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #done: Promise<void>
  /** The end of what it said on standard error. */
  errors = ''

  /** `weakness`: runs a channel that is weakened on purpose (see `weakened.ts`). */
  constructor(shim: DiskShim, batches: number, weakness?: string) {
    const script = path.join(import.meta.dirname, 'disk-load-child.ts')
    const weakened = weakness === undefined ? [] : ['--import', path.join(import.meta.dirname, 'weakened.ts')]
    this.#child = spawn(process.execPath, [...weakened, script, shim.folder, String(batches)], {
      env: { ...shim.environment, SLUICE_WEAKNESS: weakness },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exited = once(this.#child, 'exit')
    let said = ''
    this.#done = new Promise((resolve, reject) => {
      this.#child.stdout?.on('data', (text: Buffer) => {
        said += text.toString()
        if (said.includes('done')) resolve()
      })
      this.#child.on('exit', () => reject(new Error(`the load ended before it was done: ${this.errors}`)))
    })
    this.#done.catch(() => undefined)
    this.#child.stderr?.on('data', (text: Buffer) => (this.errors = (this.errors + text.toString()).slice(-4000)))
  }

  /** Resolves when every producer has put all its batches. */
  async done(): Promise<void> {
    await this.#done
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
