import { Worker } from 'node:worker_threads'
import { threadEnvironment } from '../../compile-cache.ts'
import { SluiceError } from '../../errors.ts'
import { failureError } from './failure.ts'
import type {
  Books,
  FromWorker,
  Opened,
  PutMessage,
  Request,
  SegmentEnd,
  Settlement,
  Stored,
  ToWorker,
  WorkerSettings,
} from './worker-messages.ts'

export interface LinkEvents {
  /** After every group: what the books say and how far the segments are durable. Called before the puts resolve. */
  group(books: Books, end: SegmentEnd): void
  books(books: Books): void
  notice(code: string, message: string): void
  /** The worker is gone and did not say goodbye. All that was under way has failed. */
  failed(error: SluiceError): void
}

export interface PendingPut {
  readonly message: PutMessage
  /** The parts that were stored; empty when all of it was a repeat. */
  stored(parts: readonly Stored[]): void
  refused(error: SluiceError): void
}

export interface PendingAck {
  readonly settlement: Settlement
  /** The books that follow have it in them. */
  confirmed(): void
}

/** This thread's end of a channel's worker: sends in batches, hands the answers to whoever waits. */
export class WorkerLink {
  readonly #settings: WorkerSettings
  readonly #events: LinkEvents
  #worker: Worker | undefined
  #ending: Promise<unknown> | undefined
  #epoch = 0
  #puts: PendingPut[] = []
  #unsentPuts: PendingPut[] = []
  /** Acknowledgements without an answer; a new worker is told them again. */
  #acks: PendingAck[] = []
  #unsentAcks: PendingAck[] = []
  #scheduled = false
  readonly #requests = new Map<
    number,
    { resolve: (answer: Extract<FromWorker, { kind: 'answer' }>) => void; reject: (error: unknown) => void }
  >()
  #lastRequest = 0

  constructor(settings: WorkerSettings, events: LinkEvents) {
    this.#settings = settings
    this.#events = events
  }

  /** Starts a worker, which opens the folder. */
  async start(): Promise<Opened> {
    // Two workers on one folder would be the end of it.
    await this.#ending
    return await this.#start()
  }

  #start(): Promise<Opened> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: this.#settings,
        env: threadEnvironment(),
      })
      this.#worker = worker
      this.#epoch = 0
      let open = false
      const gone = (error: SluiceError) => {
        if (!open) reject(error)
        if (this.#worker !== worker) return
        this.#worker = undefined
        this.#failPending(error)
        if (open) this.#events.failed(error)
      }
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'opened') {
          open = true
          this.#unsentAcks = [...this.#acks.splice(0), ...this.#unsentAcks]
          resolve(message.opened)
          this.#flush()
        } else if (message.kind === 'open failed') gone(failureError(message.failure))
        else if (message.kind === 'failed') {
          gone(failureError(message.failure))
          this.#ending = worker.terminate()
        } else if (this.#worker === worker) this.#receive(message)
      })
      worker.on('error', (error) =>
        gone(new SluiceError('SLUICE_INTERNAL', `the channel's worker died: ${String(error)}`, { cause: error })),
      )
      worker.on('exit', () => gone(new SluiceError('SLUICE_CHANNEL_CLOSED', "the channel's worker has ended")))
    })
  }

  put(pending: PendingPut): void {
    this.#unsentPuts.push(pending)
    this.#schedule()
  }

  /** Sends it now, and again to a new worker until one has confirmed it. */
  ack(pending: PendingAck): void {
    this.#unsentAcks.push(pending)
    this.#schedule()
  }

  request(request: Request): Promise<Extract<FromWorker, { kind: 'answer' }>> {
    return new Promise((resolve, reject) => {
      if (this.#worker === undefined) {
        reject(new SluiceError('SLUICE_CHANNEL_CLOSED', 'the channel is not open'))
        return
      }
      this.#flush()
      const id = ++this.#lastRequest
      this.#requests.set(id, { resolve, reject })
      this.#post({ kind: 'request', id, request })
    })
  }

  /** Settles all that was sent, then ends the worker. */
  async close(): Promise<Books | undefined> {
    const worker = this.#worker
    if (worker === undefined) return undefined
    const { books } = await this.request({ ask: 'close' })
    this.#worker = undefined
    await worker.terminate()
    this.#failPending(new SluiceError('SLUICE_CHANNEL_CLOSED', 'the channel was closed'))
    this.#forgetAcks()
    return books
  }

  /** Ends the worker at once; a new start finds what was durable. */
  async abandon(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
    this.#failPending(new SluiceError('SLUICE_CHANNEL_CLOSED', 'the channel was closed'))
    this.#forgetAcks()
  }

  #forgetAcks(): void {
    for (const ack of [...this.#acks.splice(0), ...this.#unsentAcks.splice(0)]) ack.confirmed()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#worker === undefined) {
      const error = new SluiceError('SLUICE_CHANNEL_IO', 'the channel is not open')
      for (const put of this.#unsentPuts.splice(0)) put.refused(error)
      return
    }
    if (this.#unsentAcks.length > 0) {
      const acks = this.#unsentAcks
      this.#unsentAcks = []
      this.#acks.push(...acks)
      this.#post({ kind: 'acks', acks: acks.map(({ settlement }) => settlement) })
    }
    if (this.#unsentPuts.length > 0) {
      const puts = this.#unsentPuts
      this.#unsentPuts = []
      this.#puts.push(...puts)
      this.#post({ kind: 'puts', epoch: this.#epoch, puts: puts.map(({ message }) => message) })
    }
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'group') this.#group(message)
    else if (message.kind === 'answer') {
      const waiting = this.#requests.get(message.id)
      this.#requests.delete(message.id)
      if (message.books !== undefined) this.#events.books(message.books)
      if (message.failure !== undefined) waiting?.reject(failureError(message.failure))
      else waiting?.resolve(message)
    } else if (message.kind === 'notice') this.#events.notice(message.code, message.message)
  }

  #group(message: Extract<FromWorker, { kind: 'group' }>): void {
    const puts = this.#puts.splice(0, message.puts)
    const acks = this.#acks.splice(0, message.acks)
    for (const ack of acks) ack.confirmed()
    this.#events.group(message.books, message.end)
    if (message.failure !== undefined) {
      this.#epoch = message.epoch
      const error = failureError(message.failure)
      for (const put of puts) put.refused(error)
    } else {
      let at = 0
      puts.forEach((put, index) => {
        const from = at
        while (at < message.stored.length && message.stored[at]!.put === index) at++
        const wrong = message.rejected.find((rejected) => rejected.put === index)
        if (wrong === undefined) put.stored(message.stored.slice(from, at))
        else put.refused(failureError(wrong.failure))
      })
    }
  }

  #failPending(error: SluiceError): void {
    for (const put of [...this.#puts.splice(0), ...this.#unsentPuts.splice(0)]) put.refused(error)
    for (const { reject } of this.#requests.values()) reject(error)
    this.#requests.clear()
  }
}
