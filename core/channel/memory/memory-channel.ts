import type { Clock } from '../../clock.ts'
import { SluiceError } from '../../errors.ts'
import type { Batch } from '../../event/batch.ts'
import type { Channel, ChannelState, ChannelStats, Lease, PutOptions, SourcePosition } from '../channel.ts'
import { Admission, type Limits } from '../admission.ts'
import { identityOf } from '../identity-runs.ts'
import { SenderIdentities } from '../sender-identities.ts'
import { type Block, MemoryLease, type Piece } from './memory-lease.ts'
import { PieceQueue } from './piece-queue.ts'

export interface MemoryChannelSettings extends Limits {
  readonly transactionCapacity: number
}

/** Events in memory, in order; all are gone when the process ends. For flows whose peers can send again. */
export class MemoryChannel implements Channel {
  readonly name: string
  readonly durable = false
  readonly transactionCapacity: number
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #queue = new PieceQueue()
  readonly #positions = new Map<string, SourcePosition>()
  readonly #identities = new SenderIdentities()
  readonly #takers: (() => void)[] = []
  #state: ChannelState = 'closed'
  #nextEvent = 0
  #events = 0
  #bytes = 0
  #delivered = 0
  #quarantined = 0
  #repeated = 0

  constructor(name: string, settings: MemoryChannelSettings, clock: Clock) {
    this.name = name
    this.transactionCapacity = settings.transactionCapacity
    this.#clock = clock
    this.#admission = new Admission(
      name,
      settings,
      () => ({ events: this.#events, bytes: this.#bytes }),
      () => undefined,
      clock,
    )
  }

  open(): Promise<void> {
    this.#state = 'running'
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    this.#state = 'closed'
    this.#admission.failAll(this.#closedError())
    for (const wake of this.#takers.splice(0)) wake()
    return Promise.resolve()
  }

  #closedError(): SluiceError {
    return new SluiceError('SLUICE_CHANNEL_CLOSED', `channel ${this.name} is closed`)
  }

  put(batch: Batch, options: PutOptions = {}): Promise<void> {
    if (this.#state !== 'running') return Promise.reject(this.#closedError())
    if (batch.count > this.transactionCapacity)
      return Promise.reject(
        new SluiceError(
          'SLUICE_BATCH_TOO_LARGE',
          `${batch.count} events are more than channel ${this.name} takes at once: ` +
            `raise its transactionCapacity (${this.transactionCapacity}) or send smaller batches`,
        ),
      )
    return new Promise((resolve, reject) => {
      this.#admission.enter({
        count: batch.count,
        bytes: batch.bytes.length,
        lane: options.lane,
        signal: options.signal,
        admitted: () => {
          this.#store(batch, options)
          resolve()
        },
        refused: reject,
      })
    })
  }

  #store(batch: Batch, options: PutOptions): void {
    const { position, identity } = options
    const known = position && this.#positions.get(position.key)
    if (position && known && batch.count > 0 && position.offset <= known.offset) {
      this.#repeated += batch.count
      return
    }
    if (position) this.#positions.set(position.key, position)
    if (batch.count === 0) return
    const parts = identity ? this.#identities.unseen(identity, batch.count) : [[0, batch.count] as const]
    const whole = parts.length === 1 && parts[0]?.[0] === 0 && parts[0][1] === batch.count
    const block: Block = { batch, left: 0, recyclable: options.exclusive === true && whole }
    let stored = 0
    for (const [from, to] of parts) {
      if (identity) this.#identities.store(identityOf(identity, batch.count, [[from, to]]), to - from)
      const part = batch.slice(from, to)
      this.#queue.append({ block, batch: part, first: this.#nextEvent, at: this.#clock.now() })
      this.#nextEvent += part.count
      this.#events += part.count
      this.#bytes += part.bytes.length
      stored += part.count
    }
    block.left = stored
    this.#repeated += batch.count - stored
    if (stored > 0) this.#wakeTaker()
  }

  #wakeTaker(): void {
    this.#takers.shift()?.()
  }

  async take(
    maxEvents: number,
    maxBytes: number,
    waitMilliseconds: number,
    signal?: AbortSignal,
  ): Promise<Lease | undefined> {
    const deadline = this.#clock.monotonic() + waitMilliseconds
    while (this.#state === 'running' && signal?.aborted !== true) {
      const pieces = this.#queue.take(Math.min(maxEvents, this.transactionCapacity), maxBytes)
      if (pieces.length > 0) {
        // Others who wait may have what is left.
        if (!this.#queue.empty) this.#wakeTaker()
        return new MemoryLease(pieces, {
          ack: (acked) => this.#leave(acked, 'delivered'),
          quarantine: (refused) => this.#leave(refused, 'quarantined'),
          release: (back) => this.#putBack(back),
        })
      }
      const wait = deadline - this.#clock.monotonic()
      if (wait <= 0) return undefined
      await this.#eventsOr(wait, signal)
    }
    return undefined
  }

  /** Resolves when events came, when the channel closes, after `wait` milliseconds or when `signal` aborts. */
  async #eventsOr(wait: number, signal: AbortSignal | undefined): Promise<void> {
    const ending = new AbortController()
    const ended = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
    const woken = new Promise<void>((resolve) => {
      this.#takers.push(resolve)
      void this.#clock.sleep(wait, ended).then(() => {
        const at = this.#takers.indexOf(resolve)
        if (at >= 0) this.#takers.splice(at, 1)
        resolve()
      })
    })
    await woken
    // Without a reason each abort makes an error with its stack.
    ending.abort('over')
  }

  #leave(pieces: readonly Piece[], how: 'delivered' | 'quarantined'): void {
    for (const { block, batch } of pieces) {
      this.#events -= batch.count
      this.#bytes -= batch.bytes.length
      if (how === 'delivered') this.#delivered += batch.count
      else this.#quarantined += batch.count
      block.left -= batch.count
      if (block.left === 0 && block.recyclable) block.batch.recycle()
    }
    this.#admission.admit()
  }

  #putBack(pieces: readonly Piece[]): void {
    // A delivery that was given up may still hold the memory in a socket's queue.
    for (const { block } of pieces) block.recyclable = false
    this.#queue.putBack(pieces)
    this.#wakeTaker()
  }

  position(key: string): SourcePosition | undefined {
    return this.#positions.get(key)
  }

  positions(prefix: string): SourcePosition[] {
    return [...this.#positions.values()].filter(({ key }) => key.startsWith(prefix))
  }

  forgetPositions(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#positions.delete(key)
    return Promise.resolve()
  }

  stats(): ChannelStats {
    const { capacity, byteCapacity } = this.#admission.limits
    const full = this.#state === 'running' && this.#admission.waiting > 0
    return {
      state: full ? 'full' : this.#state,
      reason: full ? `${this.#admission.waiting} puts wait for room` : '',
      events: this.#events,
      bytes: this.#bytes,
      capacity,
      byteCapacity,
      oldestAt: this.#queue.oldestAt,
      ledger: {
        received: this.#nextEvent,
        delivered: this.#delivered,
        queued: this.#events,
        dropped: {},
        quarantined: this.#quarantined,
        lost: 0,
        repeated: this.#repeated,
      },
      freeDisk: undefined,
    }
  }

  setLimits(limits: Limits): void {
    this.#admission.limits = limits
  }
}
