import { Worker } from 'node:worker_threads'
import type { ChannelStore } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import { threadEnvironment } from '../compile-cache.ts'
import { errorCodes, type ErrorCode, errorText, SluiceError } from '../errors.ts'
import type {
  BacklogJob,
  BacklogLooks,
  BacklogWorkerData,
  FromBacklogWorker,
  JobFailure,
  JobProgress,
  LookName,
} from './backlog-jobs.ts'

/** A thread that nobody asks anything any more ends after so many milliseconds. */
const restsFor = 60_000
/** No single step of a search takes so long, unless its regular expression goes astray. Milliseconds. */
const longestStep = 5_000
/** Searches and exports at a time, so that a forgotten page cannot fill the machine with threads. */
const mostJobs = 4

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

interface LookThread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  usedAt: number
}

/**
 * Reads the backlogs of an agent's channels in threads beside it: one for quick looks at each channel, kept while it is
 * used, and one for each search or export, which can be ended at any moment.
 */
export class BacklogDesk {
  readonly #clock: Clock
  readonly #looks = new Map<string, LookThread>()
  readonly #jobs = new Set<Worker>()
  readonly #spent = new BigInt64Array(new SharedArrayBuffer(8))
  #lastId = 0
  #resting: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  look<Name extends LookName>(
    store: ChannelStore,
    name: Name,
    params: BacklogLooks[Name]['params'],
  ): Promise<BacklogLooks[Name]['answer']> {
    const thread = this.#thread(store)
    thread.usedAt = this.#clock.monotonic()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve: (answer) => resolve(answer as BacklogLooks[Name]['answer']), reject })
      thread.worker.postMessage({ id, look: name, params })
    })
  }

  #thread(store: ChannelStore): LookThread {
    const known = this.#looks.get(store.folder)
    if (known !== undefined) return known
    const worker = startWorker({ store, job: undefined, pulse: new Float64Array(2), spent: this.#spent })
    worker.unref()
    const thread: LookThread = { worker, waiting: new Map(), usedAt: this.#clock.monotonic() }
    this.#looks.set(store.folder, thread)
    const over = (error: SluiceError) => {
      if (this.#looks.get(store.folder) === thread) this.#looks.delete(store.folder)
      for (const { reject } of thread.waiting.values()) reject(error)
      thread.waiting.clear()
    }
    worker.on('message', (message: FromBacklogWorker) => {
      if (message.kind === 'failed') over(jobError(message.failure))
      else if (message.kind !== 'progress') {
        const waiting = thread.waiting.get(message.id)
        thread.waiting.delete(message.id)
        if (message.kind === 'answer') waiting?.resolve(message.answer)
        else waiting?.reject(jobError(message.failure))
      }
    })
    worker.on('error', (error) =>
      over(new SluiceError('SLUICE_INTERNAL', `the backlog's reader died: ${errorText(error)}`)),
    )
    worker.on('exit', () => over(new SluiceError('SLUICE_ABORTED', "the backlog's reader has ended")))
    void this.#rest()
    return thread
  }

  /** Ends the thread that looks at a folder: the next look opens it anew. */
  release(folder: string): void {
    const thread = this.#looks.get(folder)
    if (thread === undefined) return
    this.#looks.delete(folder)
    void thread.worker.terminate()
  }

  /** Ends threads that nobody uses; one timer for all, while there are any. */
  async #rest(): Promise<void> {
    if (this.#resting !== undefined) return
    const ending = new AbortController()
    this.#resting = ending
    while (this.#looks.size > 0 && !ending.signal.aborted) {
      await this.#clock.sleep(restsFor / 4, ending.signal)
      for (const [folder, thread] of this.#looks)
        if (thread.waiting.size === 0 && this.#clock.monotonic() - thread.usedAt >= restsFor) {
          this.#looks.delete(folder)
          void thread.worker.terminate()
        }
    }
    if (this.#resting === ending) this.#resting = undefined
  }

  /**
   * Starts a search or an export; the returned function ends it at once. `ended` hears of its end by itself: with
   * undefined after the progress that says `done`.
   */
  start(
    store: ChannelStore,
    job: BacklogJob,
    listener: (progress: JobProgress) => void,
    ended: (error: SluiceError | undefined) => void,
  ): () => void {
    if (this.#jobs.size >= mostJobs)
      throw new SluiceError('SLUICE_CONTROL', `${mostJobs} searches and exports are running: end one of them first`)
    const pulse = new Float64Array(new SharedArrayBuffer(16))
    const worker = startWorker({ store, job, pulse, spent: this.#spent })
    this.#jobs.add(worker)
    const watch = new AbortController()
    let over = false
    const end = (error?: SluiceError, quiet = false) => {
      if (over) return
      over = true
      watch.abort()
      this.#jobs.delete(worker)
      void worker.terminate()
      if (!quiet) ended(error)
    }
    worker.on('message', (message: FromBacklogWorker) => {
      if (over) return
      if (message.kind === 'failed') end(jobError(message.failure))
      else if (message.kind === 'progress') {
        listener(message.progress)
        if (message.progress.done) end()
      }
    })
    worker.on('error', (error) => end(new SluiceError('SLUICE_INTERNAL', `the search died: ${errorText(error)}`)))
    worker.on('exit', () => end(new SluiceError('SLUICE_ABORTED', 'the search has ended')))
    if (job.query.regex !== undefined) void this.#watch(pulse, watch.signal, end)
    return () => end(undefined, true)
  }

  /** A regular expression that backtracks without end cannot be interrupted, only its thread can be ended. */
  async #watch(pulse: Float64Array, signal: AbortSignal, end: (error: SluiceError) => void): Promise<void> {
    let steps = -1
    for (;;) {
      await this.#clock.sleep(longestStep, signal)
      if (signal.aborted) return
      if (pulse[0] === steps && steps > 0) {
        end(
          new SluiceError(
            'SLUICE_CONTROL',
            `the regular expression takes more than ${longestStep / 1000} s on event ${pulse[1] ?? 0}: make it simpler, ` +
              'without repeats inside repeats',
          ),
        )
        return
      }
      steps = pulse[0] ?? 0
    }
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.#resting?.abort()
    const threads = [...[...this.#looks.values()].map(({ worker }) => worker), ...this.#jobs]
    this.#looks.clear()
    await Promise.all(threads.map((worker) => worker.terminate()))
  }
}

function startWorker(data: BacklogWorkerData): Worker {
  return new Worker(new URL('./backlog-worker.ts', import.meta.url), { workerData: data, env: threadEnvironment() })
}

function jobError({ code, message }: JobFailure): SluiceError {
  const known = errorCodes.find((one): one is ErrorCode => one === code)
  return new SluiceError(known ?? 'SLUICE_INTERNAL', message)
}
