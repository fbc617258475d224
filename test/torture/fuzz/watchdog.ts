import { Worker } from 'node:worker_threads'

/** Most bytes of the inputs under way that are kept when the process hangs. */
const room = 1 << 20

/** In a thread of its own, because a loop without an end lets nothing else of the process run. */
const script = `
const { workerData } = require('node:worker_threads')
const { control, bytes, milliseconds } = workerData
const fs = require('node:fs')
const state = new Int32Array(control)
let missed = 0
const check = () => {
  const turn = Atomics.load(state, 0)
  const result = Atomics.wait(state, 0, turn, milliseconds)
  const watching = Atomics.load(state, 1)
  missed = result === 'timed-out' && watching > 0 ? missed + 1 : 0
  // A machine that stood still is no loop: after it the process runs again, and is given the time to show it.
  if (missed === 2) {
    const text = Buffer.from(bytes).subarray(0, watching).toString()
    const { path, input, what } = JSON.parse(text)
    if (path !== undefined) {
      fs.mkdirSync(require('node:path').dirname(path), { recursive: true })
      fs.writeFileSync(path, Buffer.from(input, 'base64'))
    }
    const kept = path === undefined ? '' : '; the first of its inputs is kept in ' + path
    fs.writeSync(2, 'HANG: ' + what + ' blocked its process for ' + 2 * milliseconds + ' ms' + kept + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }
  setImmediate(check)
}
check()
`

/**
 * Ends the process when it is blocked for too long over an input, and keeps the input: no time limit of a test can
 * interrupt a loop.
 */
export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(8))
  readonly #bytes = Buffer.from(new SharedArrayBuffer(room))
  readonly #thread: Worker
  readonly #pulse: NodeJS.Timeout

  constructor(milliseconds: number) {
    const workerData = { control: this.#state.buffer, bytes: this.#bytes.buffer, milliseconds }
    this.#thread = new Worker(script, { eval: true, workerData })
    this.#thread.unref()
    // A process that waits for something still runs its timers; one that loops does not.
    this.#pulse = setInterval(() => this.#beat(), milliseconds / 10).unref()
  }

  /** From now on `input` is what the process is busy with; it is kept at `path` unless it is kept already. */
  begin(what: string, path: string | undefined, input: Buffer): void {
    const note = Buffer.from(JSON.stringify({ what, path, input: input.toString('base64') }))
    const length = note.length <= room ? note.copy(this.#bytes) : 0
    Atomics.store(this.#state, 1, length)
    this.#beat()
  }

  async end(): Promise<void> {
    clearInterval(this.#pulse)
    Atomics.store(this.#state, 1, 0)
    this.#beat()
    await this.#thread.terminate()
  }

  #beat(): void {
    Atomics.add(this.#state, 0, 1)
    Atomics.notify(this.#state, 0)
  }
}
