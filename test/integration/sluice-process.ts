/** The real command line in a process of its own, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const source = join(import.meta.dirname, '../../core/cli/sluice.ts')

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Milliseconds from the signal to the end. */
  readonly took: number
}

export interface SluiceProcessOptions {
  readonly directory?: string
  readonly environment?: Record<string, string>
  /** Another entry than that of the source. */
  readonly entry?: string
  /** An installed command, which finds its own Node. */
  readonly program?: string
  /** A program and its arguments that start it, such as `setpriv`; it must become the process itself. */
  readonly through?: readonly string[]
}

export class SluiceProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], options: SluiceProcessOptions = {}) {
    const command = options.program === undefined ? [process.execPath, options.entry ?? source] : [options.program]
    const [program = '', ...own] = [...(options.through ?? []), ...command, ...args]
    this.#child = spawn(program, own, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves with the match as soon as stdout or stderr has one. */
  async says(pattern: RegExp, milliseconds = 20_000): Promise<RegExpExecArray> {
    const deadline = performance.now() + milliseconds
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match !== null) return match
      if (!this.running || performance.now() > deadline)
        throw new Error(
          `${this.running ? 'in time' : 'before its end'} sluice did not say ${String(pattern)}; stdout:\n` +
            `${this.stdout.slice(-3000)}\nstderr:\n${this.stderr.slice(-3000)}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async end(signal: NodeJS.Signals, milliseconds = 15_000): Promise<ProcessEnd> {
    const start = performance.now()
    if (this.running) this.#child.kill(signal)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), milliseconds)
    const end = await this.#ended
    clearTimeout(late)
    return { ...end, took: performance.now() - start }
  }

  kill(): Promise<ProcessEnd> {
    return this.end('SIGKILL')
  }

  stop(): Promise<ProcessEnd> {
    return this.end('SIGTERM')
  }

  /** Resolves when it ends by itself. */
  async finished(milliseconds = 20_000): Promise<ProcessEnd> {
    const start = performance.now()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), milliseconds)
    const end = await this.#ended
    clearTimeout(late)
    return { ...end, took: performance.now() - start }
  }
}

/** Runs a command that ends by itself. */
export async function runSluice(args: readonly string[], options?: SluiceProcessOptions) {
  const run = new SluiceProcess(args, options)
  const { code } = await run.finished()
  return { code, stdout: run.stdout, stderr: run.stderr }
}
