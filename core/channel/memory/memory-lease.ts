import type { Batch } from '../../event/batch.ts'
import { SluiceError } from '../../errors.ts'
import type { Lease } from '../channel.ts'

/** A batch as it was put. Its memory goes back when the last of its events has left. */
export interface Block {
  readonly batch: Batch
  left: number
  recyclable: boolean
}

/** Consecutive events of one block, waiting or on loan. */
export interface Piece {
  readonly block: Block
  readonly batch: Batch
  /** Number of the first event, counted since the channel was made. */
  readonly first: number
  /** Milliseconds since the epoch at which it came in. */
  readonly at: number
}

export interface PieceKeeper {
  ack(pieces: readonly Piece[]): void
  quarantine(pieces: readonly Piece[]): void
  release(pieces: readonly Piece[]): void
}

export class MemoryLease implements Lease {
  readonly batches: readonly Batch[]
  readonly count: number
  readonly bytes: number
  /** Nothing outlives the process, so there is nothing that a next tier could know again. */
  readonly identity = undefined
  readonly #pieces: readonly Piece[]
  readonly #keeper: PieceKeeper
  #settled = false

  constructor(pieces: readonly Piece[], keeper: PieceKeeper) {
    this.#pieces = pieces
    this.#keeper = keeper
    this.batches = pieces.map(({ batch }) => batch)
    this.count = pieces.reduce((sum, { batch }) => sum + batch.count, 0)
    this.bytes = pieces.reduce((sum, { batch }) => sum + batch.bytes.length, 0)
  }

  ack(): Promise<void> {
    this.#settle()
    this.#keeper.ack(this.#pieces)
    return Promise.resolve()
  }

  release(): void {
    this.#settle()
    this.#keeper.release(this.#pieces)
  }

  quarantine(_reason: string): Promise<void> {
    this.#settle()
    this.#keeper.quarantine(this.#pieces)
    return Promise.resolve()
  }

  #settle(): void {
    if (this.#settled) throw new SluiceError('SLUICE_INTERNAL', 'a lease was settled twice')
    this.#settled = true
  }
}
