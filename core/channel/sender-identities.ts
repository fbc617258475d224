import { addRun } from '../event/event-runs.ts'
import type { BatchIdentity } from './channel.ts'
import { EventRanges } from './event-ranges.ts'
import { identityRanges } from './identity-runs.ts'

/** What the channel knows of one sender: all below `floor` is settled there, and of the rest what it has stored. */
export interface SenderRecord {
  readonly floor: number
  readonly seen: readonly (readonly [number, number])[]
}

interface Sender {
  floor: number
  seen: EventRanges
}

/** Which events of which senders are stored already: see {@link BatchIdentity}. */
export class SenderIdentities {
  readonly #senders = new Map<string, Sender>()

  /** The parts of the batch, as indexes `[from, to)`, that are not stored yet. */
  unseen(identity: BatchIdentity, count: number): [number, number][] {
    const sender = this.#senders.get(identity.sender)
    if (sender === undefined) return [[0, count]]
    const unseen: [number, number][] = []
    let index = 0
    for (const [first, next] of identityRanges(identity, count)) {
      for (const [low, high] of sender.seen.missing(Math.max(first, sender.floor), next))
        addRun(unseen, index + low - first, index + high - first)
      index += next - first
    }
    return unseen
  }

  /** Notes the `count` events that `identity` is about as stored. */
  store(identity: BatchIdentity, count: number): void {
    let sender = this.#senders.get(identity.sender)
    if (sender === undefined) {
      sender = { floor: 0, seen: new EventRanges() }
      this.#senders.set(identity.sender, sender)
    }
    for (const [first, next] of identityRanges(identity, count)) sender.seen.add(first, next)
    if (identity.floor > sender.floor) {
      sender.floor = identity.floor
      sender.seen.dropBelow(identity.floor)
    }
  }

  record(sender: string): SenderRecord | undefined {
    const known = this.#senders.get(sender)
    return known === undefined ? undefined : { floor: known.floor, seen: [...known.seen] }
  }

  /** Puts a record back as it was; undefined forgets the sender. */
  restore(sender: string, record: SenderRecord | undefined): void {
    if (record === undefined) this.#senders.delete(sender)
    else this.#senders.set(sender, { floor: record.floor, seen: EventRanges.of(record.seen) })
  }

  senders(): IterableIterator<string> {
    return this.#senders.keys()
  }

  clear(): void {
    this.#senders.clear()
  }
}
