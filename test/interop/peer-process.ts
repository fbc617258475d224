import type { ChildProcess } from 'node:child_process'

/** An agent in a process of its own, ours or Flume's: what it logs, and its end. */
export class PeerProcess {
  readonly #name: string
  readonly #child: ChildProcess
  #output = ''

  constructor(name: string, child: ChildProcess) {
    this.#name = name
    this.#child = child
    const append = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    child.stdout?.on('data', append)
    child.stderr?.on('data', append)
  }

  /** What it has logged so far. */
  get output(): string {
    return this.#output
  }

  /** Resolves when `text` has been logged; rejects with the log when it is not within `milliseconds`. */
  async logged(text: string | RegExp, milliseconds = 60_000): Promise<void> {
    const deadline = performance.now() + milliseconds
    while (typeof text === 'string' ? !this.#output.includes(text) : !text.test(this.#output)) {
      if (this.#child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${this.#name} did not log ${String(text)}; it said:\n${this.#output.slice(-4000)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  kill(): Promise<number | null> {
    return this.#end('SIGKILL')
  }

  /** Resolves with the exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill(signal)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 15_000)
    await gone
    clearTimeout(late)
    return this.#child.exitCode
  }
}
