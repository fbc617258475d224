import type { Ledger } from '../channel.ts'
import type { Usage } from '../admission.ts'
import type { Books } from './worker-messages.ts'

const empty: Books = {
  nextEvent: 0,
  low: 0,
  queued: 0,
  bytes: 0,
  delivered: 0,
  quarantined: 0,
  lost: 0,
  repeated: 0,
  dropped: [],
  oldestAt: undefined,
}

/** The channel's counters in this thread: the worker's last word, what is on its way there, and what is on its way in. */
export class ChannelBooks {
  #books = empty
  /** Puts that were admitted and not answered. */
  #coming = { events: 0, bytes: 0 }
  /** Acknowledgements that the worker has not confirmed. */
  #leaving = { events: 0, bytes: 0 }

  set(books: Books): void {
    this.#books = books
  }

  enter(events: number, bytes: number): void {
    this.#coming.events += events
    this.#coming.bytes += bytes
  }

  answered(events: number, bytes: number): void {
    this.#coming.events -= events
    this.#coming.bytes -= bytes
  }

  leave(events: number, bytes: number): void {
    this.#leaving.events += events
    this.#leaving.bytes += bytes
  }

  left(events: number, bytes: number): void {
    this.#leaving.events -= events
    this.#leaving.bytes -= bytes
  }

  get queued(): number {
    return Math.max(0, this.#books.queued - this.#leaving.events)
  }

  get bytes(): number {
    return Math.max(0, this.#books.bytes - this.#leaving.bytes)
  }

  /** What takes room: stored or on its way. */
  usage(): Usage {
    return { events: this.queued + this.#coming.events, bytes: this.bytes + this.#coming.bytes }
  }

  /** Every event below is settled, and the worker knows. */
  get low(): number {
    return this.#books.low
  }

  get oldestAt(): number | undefined {
    return this.queued === 0 ? undefined : this.#books.oldestAt
  }

  ledger(): Ledger {
    const books = this.#books
    return {
      received: books.nextEvent,
      delivered: books.delivered + (books.queued - this.queued),
      queued: this.queued,
      dropped: Object.fromEntries(books.dropped),
      quarantined: books.quarantined,
      lost: books.lost,
      repeated: books.repeated,
    }
  }
}
