import type { BatchIdentity, Lease } from '../channel.ts'
import { SluiceError } from '../../errors.ts'
import type { Batch } from '../../event/batch.ts'
import { bytesOf, firstOf, nextOf, type Piece } from './block.ts'

export interface LeaseKeeper {
  delivered(lease: FileLease): Promise<void>
  released(lease: FileLease): void
  quarantined(lease: FileLease, reason: string): Promise<void>
}

/** Events on loan from a file channel: numbers `[first, next)`. */
export class FileLease implements Lease {
  readonly pieces: readonly Piece[]
  readonly first: number
  readonly next: number
  readonly batches: readonly Batch[]
  readonly bytes: number
  readonly identity: BatchIdentity
  readonly #keeper: LeaseKeeper
  #settled = false

  constructor(pieces: readonly Piece[], sender: string, floor: number, keeper: LeaseKeeper) {
    this.pieces = pieces
    this.first = firstOf(pieces[0]!)
    this.next = nextOf(pieces.at(-1)!)
    this.batches = pieces.map(({ block, from, to }) => block.batch.slice(from, to))
    this.bytes = pieces.reduce((sum, piece) => sum + bytesOf(piece), 0)
    this.identity = { sender, firstEvent: this.first, floor: Math.min(floor, this.first) }
    this.#keeper = keeper
  }

  get count(): number {
    return this.next - this.first
  }

  async ack(): Promise<void> {
    this.#settle()
    await this.#keeper.delivered(this)
  }

  release(): void {
    this.#settle()
    this.#keeper.released(this)
  }

  async quarantine(reason: string): Promise<void> {
    this.#settle()
    await this.#keeper.quarantined(this, reason)
  }

  #settle(): void {
    if (this.#settled) throw new SluiceError('SLUICE_INTERNAL', 'a lease was settled twice')
    this.#settled = true
  }
}
