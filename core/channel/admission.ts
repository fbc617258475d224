import type { Lane } from './channel.ts'
import type { Clock } from '../clock.ts'
import { SluiceError } from '../errors.ts'

export interface Limits {
  /** Events. */
  readonly capacity: number
  /** Avro bytes; `Infinity` when unlimited. */
  readonly byteCapacity: number
  /** Milliseconds that a put waits for room. */
  readonly keepAlive: number
}

/** A put that asks for room. Exactly one of the two is called, once. */
export interface Entry {
  readonly count: number
  readonly bytes: number
  readonly lane: Lane | undefined
  readonly signal: AbortSignal | undefined
  admitted(): void
  refused(error: unknown): void
}

interface Waiter {
  readonly entry: Entry
  readonly deadline: number
  readonly abort: () => void
}

/** How full the channel is with what is stored and what is on its way. */
export interface Usage {
  readonly events: number
  readonly bytes: number
}

/**
 * The door of a channel: admits puts in the order of their calls, as long as there is room; the others wait until
 * there is, or their time is up. One that fails takes those behind it in its lane with it.
 */
export class Admission {
  readonly #name: string
  readonly #usage: () => Usage
  /** Why nothing may enter though there is room in the channel: a disk that is nearly full. */
  readonly #barrier: () => SluiceError | undefined
  readonly #clock: Clock
  readonly #waiters: Waiter[] = []
  #limits: Limits
  #alarm: AbortController | undefined

  constructor(name: string, limits: Limits, usage: () => Usage, barrier: () => SluiceError | undefined, clock: Clock) {
    this.#name = name
    this.#limits = limits
    this.#usage = usage
    this.#barrier = barrier
    this.#clock = clock
  }

  get limits(): Limits {
    return this.#limits
  }

  set limits(limits: Limits) {
    this.#limits = limits
    this.admit()
  }

  get waiting(): number {
    return this.#waiters.length
  }

  enter(entry: Entry): void {
    if (entry.lane?.failed !== undefined) {
      entry.refused(entry.lane.failed)
      return
    }
    if (this.#waiters.length === 0 && this.#refusal(entry) === undefined) {
      entry.admitted()
      return
    }
    const abort = () => this.#fail(waiter, aborted(this.#name))
    const waiter: Waiter = { entry, deadline: this.#clock.monotonic() + this.#limits.keepAlive, abort }
    if (entry.signal?.aborted === true) {
      refuse(entry, aborted(this.#name))
      return
    }
    entry.signal?.addEventListener('abort', abort, { once: true })
    this.#waiters.push(waiter)
    this.#wake()
  }

  /** Lets in whoever fits now. Called whenever room was made. */
  admit(): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (this.#refusal(first.entry) !== undefined) return
      this.#waiters.shift()
      first.entry.signal?.removeEventListener('abort', first.abort)
      first.entry.admitted()
    }
  }

  /** Fails everyone who waits in `lane`. */
  failLane(lane: Lane): void {
    for (const waiter of this.#waiters.filter(({ entry }) => entry.lane === lane)) this.#fail(waiter, lane.failed)
  }

  failAll(error: unknown): void {
    for (const waiter of [...this.#waiters]) this.#fail(waiter, error)
  }

  #fail(waiter: Waiter, error: unknown): void {
    const at = this.#waiters.indexOf(waiter)
    if (at < 0) return
    this.#waiters.splice(at, 1)
    waiter.entry.signal?.removeEventListener('abort', waiter.abort)
    refuse(waiter.entry, error)
    if (waiter.entry.lane !== undefined) this.failLane(waiter.entry.lane)
    this.admit()
  }

  #refusal(entry: Entry): SluiceError | undefined {
    if (entry.count === 0) return undefined
    const barrier = this.#barrier()
    if (barrier !== undefined) return barrier
    const used = this.#usage()
    const { capacity, byteCapacity } = this.#limits
    // One batch always fits into an empty channel: otherwise it could never enter.
    const events = used.events + entry.count > capacity && used.events > 0
    if (!events && (used.bytes + entry.bytes <= byteCapacity || used.events === 0)) return undefined
    return new SluiceError(
      'SLUICE_CHANNEL_FULL',
      `channel ${this.#name} is full: ${used.events} events of ${capacity}, ${used.bytes} bytes of ${byteCapacity}`,
      { details: { channel: this.#name, events: used.events, capacity } },
    )
  }

  /** One timer for all who wait, and none when nobody does. */
  #wake(): void {
    if (this.#alarm !== undefined || this.#waiters.length === 0) return
    const alarm = new AbortController()
    this.#alarm = alarm
    const soonest = this.#waiters.reduce((least, { deadline }) => Math.min(least, deadline), Infinity)
    const wait = Math.max(0, soonest - this.#clock.monotonic())
    // A barrier is lifted by no call of ours, so it is looked at from time to time.
    void this.#clock.sleep(this.#barrier() === undefined ? wait : Math.min(wait, 100), alarm.signal).then(() => {
      this.#alarm = undefined
      this.#expire()
      this.#wake()
    })
  }

  #expire(): void {
    this.admit()
    const now = this.#clock.monotonic()
    for (const waiter of this.#waiters.filter(({ deadline }) => deadline <= now)) {
      if (!this.#waiters.includes(waiter)) continue
      const error =
        this.#refusal(waiter.entry) ??
        new SluiceError('SLUICE_CHANNEL_FULL', `channel ${this.#name} has no room: others wait in front`)
      this.#fail(waiter, error)
    }
  }
}

function refuse(entry: Entry, error: unknown): void {
  if (entry.lane !== undefined) entry.lane.failed ??= error
  entry.refused(error)
}

function aborted(name: string): SluiceError {
  return new SluiceError('SLUICE_ABORTED', `the wait for room in channel ${name} was ended`)
}
