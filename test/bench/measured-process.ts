import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

export interface ProcessCost {
  /** User and system seconds of all its threads. */
  readonly cpuSeconds: number
  /** Largest resident set so far, in megabytes. */
  readonly peakMegabytes: number
  /** Resident set now, in megabytes. */
  readonly megabytes: number
}

/** A child process whose cost is read from /proc while it lives. */
export class MeasuredProcess {
  readonly child: ChildProcess
  #output = ''

  constructor(command: string, args: readonly string[], options: { cwd?: string } = {}) {
    this.child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const append = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    this.child.stdout?.on('data', append)
    this.child.stderr?.on('data', append)
  }

  get output(): string {
    return this.#output
  }

  cost(): ProcessCost {
    const pid = this.child.pid ?? 0
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      peakMegabytes: kilobytes('VmHWM') / 1024,
      megabytes: kilobytes('VmRSS') / 1024,
    }
  }

  /** CPU seconds so far of those of its threads that run now and have the usual priority. */
  usualSeconds(): number {
    const folder = `/proc/${this.child.pid ?? 0}/task`
    let ticks = 0
    for (const thread of readdirSync(folder)) {
      let stat: string
      try {
        stat = readFileSync(`${folder}/${thread}/stat`, 'utf8')
      } catch {
        // It has ended since its folder was listed.
        continue
      }
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[16] === '0') ticks += Number(fields[11]) + Number(fields[12])
    }
    return ticks / ticksPerSecond
  }

  /** Resolves with the match when the output holds `pattern`; rejects with the output when the process ends or time is up. */
  async printed(pattern: RegExp, milliseconds = 60_000): Promise<RegExpExecArray> {
    const deadline = performance.now() + milliseconds
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match) return match
      if (this.child.exitCode !== null || performance.now() > deadline)
        throw new Error(`nothing like ${String(pattern)} in:\n${this.#output.slice(-4000)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill(signal)
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(late)
  }
}
