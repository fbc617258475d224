import type { Batch } from '../../event/batch.ts'

/** The events of one frame in memory. */
export interface Block {
  readonly batch: Batch
  /** The number of its first event in the channel. */
  readonly firstEvent: number
  /** Milliseconds since the epoch at which it came in. */
  readonly at: number
  /** Nobody else looks at the batch: its memory may be used again when all its events have left. */
  readonly exclusive: boolean
  /** Events that have not left yet. */
  left: number
}

/** Events `[from, to)` of a block, by their place in it. */
export interface Piece {
  readonly block: Block
  readonly from: number
  readonly to: number
}

export function firstOf(piece: Piece): number {
  return piece.block.firstEvent + piece.from
}

export function nextOf(piece: Piece): number {
  return piece.block.firstEvent + piece.to
}

/** Avro bytes of the piece. Throws `SLUICE_EVENT_FORMAT` when the block is to be cut and is not what it says. */
export function bytesOf({ block, from, to }: Piece): number {
  const { batch } = block
  if (from === 0 && to === batch.count) return batch.bytes.length
  const offsets = batch.offsets()
  return offsets[to]! - offsets[from]!
}

/** The events of the piece have left the channel for good. */
export function leave(piece: Piece): void {
  const { block } = piece
  block.left -= piece.to - piece.from
  if (block.left <= 0 && block.exclusive) block.batch.recycle()
}
