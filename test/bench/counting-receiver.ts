import { join } from 'node:path'
import { MeasuredProcess } from './measured-process.ts'

const program = join(import.meta.dirname, 'avro-counter.ts')

/** How many events had arrived at a time, in epoch milliseconds. */
export interface Count {
  readonly events: number
  readonly at: number
}

/** The process at the end of a relay that counts what arrives: see avro-counter.ts. */
export class CountingReceiver {
  readonly port: number
  readonly #process: MeasuredProcess
  readonly #counts: Count[] = []
  #rest = ''

  private constructor(process: MeasuredProcess, port: number) {
    this.port = port
    this.#process = process
    process.child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk.toString()))
  }

  /** On `port`, or on a free one. */
  static async start(port?: number): Promise<CountingReceiver> {
    const started = new MeasuredProcess(process.execPath, [program, ...(port === undefined ? [] : [String(port)])])
    const [, taken = ''] = await started.printed(/port (\d+)/)
    return new CountingReceiver(started, Number(taken))
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [events, at] = line.split(' ').map(Number)
      if (events !== undefined && at !== undefined && !Number.isNaN(events)) this.#counts.push({ events, at })
    }
  }

  /** What has arrived since the start. */
  get events(): number {
    return this.#counts.at(-1)?.events ?? 0
  }

  cpuSeconds(): number {
    return this.#process.cost().cpuSeconds
  }

  /** The first count of at least `events`; rejects with `explain` when it does not come within `milliseconds`. */
  async reached(events: number, milliseconds: number, explain: () => string): Promise<Count> {
    const deadline = performance.now() + milliseconds
    for (let index = 0; ;) {
      for (; index < this.#counts.length; index++) {
        const count = this.#counts[index]
        if (count !== undefined && count.events >= events) return count
      }
      if (performance.now() > deadline) throw new Error(`${this.events} of ${events} events arrived:\n${explain()}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  stop(): Promise<void> {
    return this.#process.stop('SIGKILL')
  }
}
