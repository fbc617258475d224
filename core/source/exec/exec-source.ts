import { type ChildProcess, spawn } from 'node:child_process'
import { errorText, SluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { noHeaders } from '../../event/event.ts'
import { textDecoding } from '../netcat/line-buffer.ts'
import type { Source, SourceContext, SourceDetail } from '../source.ts'
import { LineCutter } from './line-cutter.ts'

export interface ExecSettings {
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly restart: boolean
  /** Milliseconds. */
  readonly restartThrottle: number
  readonly logStdErr: boolean
  readonly batchSize: number
  /** Milliseconds. */
  readonly batchTimeout: number
  readonly charset: string
  readonly maxLineLength: number
}

/** Runs a command; each line that it prints is an event. It is not read while the channel has no room, so nothing is lost. */
export class ExecSource implements Source {
  readonly #settings: ExecSettings
  readonly #context: SourceContext
  #child: ChildProcess | undefined
  #running: Promise<void> | undefined
  #stopping = new AbortController()
  #builder = new BatchBuilder()
  #work: Promise<void> = Promise.resolve()
  #startedAt: number | undefined
  #starts = 0
  #lastEnd = ''
  #note = ''

  constructor(settings: ExecSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#running = this.#run()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#signalChild('SIGTERM')
    const late = setTimeout(() => this.#signalChild('SIGKILL'), 2000)
    await this.#running
    clearTimeout(late)
  }

  inspect(): SourceDetail {
    const child = this.#child
    const runs = child?.pid !== undefined && child.exitCode === null && child.signalCode === null
    return {
      process: {
        command: this.#settings.command.join(' '),
        pid: runs ? child.pid : undefined,
        startedAt: this.#startedAt,
        restarts: Math.max(0, this.#starts - 1),
        lastEnd: this.#lastEnd,
        note: this.#note,
      },
    }
  }

  /** The command may have started others: they are one process group. */
  #signalChild(signal: NodeJS.Signals): void {
    const child = this.#child
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    try {
      if (process.platform === 'win32') child.kill(signal)
      else process.kill(-child.pid, signal)
    } catch (error) {
      this.#context.log.debug({ error }, 'the command had ended already')
    }
  }

  async #run(): Promise<void> {
    const { restart, restartThrottle } = this.#settings
    const context = this.#context
    const { signal } = this.#stopping
    while (!this.#over()) {
      try {
        context.reportState('')
        this.#note = ''
        const how = await this.#once()
        this.#lastEnd = how
        if (this.#over()) return
        context.reportEvent('SLUICE_FILE', `the command ${how}${restart ? '; it is started again' : ''}`)
        context.reportState(`waiting: the command ${how}`)
      } catch (error) {
        if (this.#over()) return
        this.#note = errorText(error)
        if (!restart) {
          context.reportFailure(error)
          return
        }
        context.reportState(`waiting: ${errorText(error)}`)
      }
      if (!restart) return
      await context.clock.sleep(restartThrottle, signal)
    }
  }

  #over(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Runs the command to its end and puts all that it printed; resolves with how it ended. */
  async #once(): Promise<string> {
    const { command, logStdErr, charset, maxLineLength } = this.#settings
    const { log } = this.#context
    const [program = '', ...args] = command
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' })
    this.#child = child
    this.#starts++
    this.#startedAt = this.#context.clock.now()
    const ended = new Promise<string>((resolve, reject) => {
      child.once('error', (error) => {
        reject(new SluiceError('SLUICE_FILE', `cannot run ${program}: ${errorText(error)}`, { cause: error }))
      })
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`),
      )
    })
    // Awaited below; a failure to start must not be an unhandled rejection before that.
    ended.catch(() => undefined)
    const errors = new LineCutter(maxLineLength)
    child.stderr.on('data', (chunk: Buffer) => {
      errors.add(chunk, (line) => {
        if (logStdErr) log.info({ command: program }, `StdErr: ${line.toString()}`)
      })
    })
    const decoding = textDecoding(charset)
    const lines = new LineCutter(maxLineLength)
    const add = (body: Buffer) => this.#add(body)
    try {
      // Iterating reads on only when the last chunk's batches are stored.
      for await (const chunk of child.stdout) {
        lines.add(decoding?.decode(chunk as Buffer, false) ?? (chunk as Buffer), add)
        await this.#work
      }
      lines.end(add)
      this.#flush()
      await this.#work
    } catch (error) {
      this.#signalChild('SIGKILL')
      if (!this.#stopping.signal.aborted) throw error
    }
    return ended
  }

  #add(body: Buffer): void {
    const builder = this.#builder
    if (builder.count === 0) {
      builder.shareHeaders(this.#context.channels.prepareHeaders(noHeaders))
      // One timer a batch: lines that come slowly leave after batchTimeout.
      const { clock } = this.#context
      void clock.sleep(this.#settings.batchTimeout, this.#stopping.signal).then(() => {
        if (this.#builder === builder) this.#flush()
      })
    }
    builder.addBody(body)
    this.#context.counters.eventReceivedCount++
    if (builder.count >= this.#settings.batchSize) this.#flush()
  }

  #flush(): void {
    const builder = this.#builder
    const { count, length } = builder
    if (count === 0) return
    this.#builder = new BatchBuilder()
    const batch = builder.finish()
    const { channels, counters } = this.#context
    const { signal } = this.#stopping
    this.#work = this.#work.then(async () => {
      await channels.putPatiently(batch, { prepared: true, exclusive: true, signal })
      counters.eventAcceptedCount += count
      counters.bytesAccepted += length
    })
    this.#work.catch(() => undefined)
  }
}
