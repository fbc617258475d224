/** Our own agent as its user runs it: the command line in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../core/cli/sluice.ts')

export class SluiceAgent {
  readonly #child: ChildProcess
  #output = ''

  constructor(child: ChildProcess) {
    this.#child = child
    const append = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    child.stdout?.on('data', append)
    child.stderr?.on('data', append)
  }

  get output(): string {
    return this.#output
  }

  async logged(text: string | RegExp, milliseconds = 30_000): Promise<void> {
    const deadline = performance.now() + milliseconds
    while (typeof text === 'string' ? !this.#output.includes(text) : !text.test(this.#output)) {
      if (this.#child.exitCode !== null || performance.now() > deadline)
        throw new Error(`Sluice did not log ${String(text)}; it said:\n${this.#output.slice(-4000)}`)
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
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(late)
    return this.#child.exitCode
  }
}

/** Runs `sluice agent` on `properties`; its data folder is `<directory>/data`. */
export function startSluice(options: {
  directory: string
  agent: string
  properties: string
  monitoringPort?: number
}): SluiceAgent {
  const file = join(options.directory, `${options.agent}.sluice.properties`)
  writeFileSync(file, options.properties)
  const monitoring =
    options.monitoringPort === undefined
      ? []
      : ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${options.monitoringPort}`]
  const child = spawn(
    process.execPath,
    [
      ...[entry, 'agent', '-n', options.agent, '-f', file, '--no-reload-conf'],
      ...['--data-dir', join(options.directory, 'data'), ...monitoring],
    ],
    { cwd: options.directory, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  return new SluiceAgent(child)
}
