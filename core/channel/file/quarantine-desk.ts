import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { Block, Piece } from './block.ts'
import type { DamageHandler } from './block-feed.ts'
import type { WorkerLink } from './worker-link.ts'
import type { Located, Place, Settlement } from './worker-messages.ts'

/** Sends events that cannot be delivered, or not even read, out of the queue and into quarantine. */
export class QuarantineDesk implements DamageHandler {
  readonly #link: WorkerLink
  readonly #log: Log
  readonly #clock: Clock

  constructor(link: WorkerLink, log: Log, clock: Clock) {
    this.#link = link
    this.#log = log
    this.#clock = clock
  }

  /** Resolves when the events are durable in the quarantine file and settled. */
  async store(pieces: readonly Piece[], reason: string): Promise<void> {
    const batches = pieces.map(({ block, from, to }) => {
      const { bytes } = block.batch.slice(from, to)
      return { bytes, count: to - from, first: block.firstEvent + from }
    })
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    const count = batches.reduce((sum, batch) => sum + batch.count, 0)
    const settlement = this.#settlement(batches[0]!.first, count, bytes, reason)
    await this.#link.request({ ask: 'quarantine', quarantine: { settlement, batches } })
  }

  /** A block whose bytes are as stored, but are not the events they should be. */
  async unreadable(block: Block, reason: string): Promise<void> {
    await this.store([{ block, from: 0, to: block.batch.count }], reason)
    this.#log.error({ event: block.firstEvent, events: block.batch.count }, `events quarantined: ${reason}`)
  }

  async locate(event: number): Promise<Located | undefined> {
    return (await this.#link.request({ ask: 'locate', event })).located
  }

  async damaged(
    place: Place,
    size: number,
    events: { first: number; count: number; bytes: number },
    reason: string,
  ): Promise<void> {
    const settlement = this.#settlement(events.first, events.count, events.bytes, reason)
    const { kept = false } = await this.#link.request({ ask: 'damaged', place, size, settlement })
    const said = { ...place, event: events.first, events: events.count }
    if (kept) this.#log.error(said, `frame quarantined: ${reason}`)
    else this.#log.error(said, `${events.count} events that were stored are gone: ${reason}`)
  }

  #settlement(first: number, count: number, bytes: number, reason: string): Settlement {
    return { first, next: first + count, kind: 'quarantined', reason, at: this.#clock.now(), bytes }
  }
}
