import type { Piece } from './memory-lease.ts'

/** The waiting pieces in the order of their events. Taking and appending cost the same however many wait. */
export class PieceQueue {
  #pieces: Piece[] = []
  #head = 0

  get empty(): boolean {
    return this.#head === this.#pieces.length
  }

  get oldestAt(): number | undefined {
    return this.#pieces[this.#head]?.at
  }

  append(piece: Piece): void {
    this.#pieces.push(piece)
  }

  /** The first pieces up to `maxEvents`, `maxBytes` and the first gap, one event at least; the last may be cut. */
  take(maxEvents: number, maxBytes: number): Piece[] {
    const taken: Piece[] = []
    let events = 0
    let bytes = 0
    const from = this.#pieces[this.#head]?.first ?? 0
    for (let piece = this.#pieces[this.#head]; piece; piece = this.#pieces[this.#head]) {
      if (piece.first !== from + events) break
      const fits = piece.batch.count <= maxEvents - events && piece.batch.bytes.length <= maxBytes - bytes
      if (fits) {
        this.#head++
        taken.push(piece)
        events += piece.batch.count
        bytes += piece.batch.bytes.length
        continue
      }
      const count = countWithin(piece, maxEvents - events, maxBytes - bytes, taken.length === 0)
      if (count > 0) {
        taken.push({ ...piece, batch: piece.batch.slice(0, count) })
        const rest = piece.batch.slice(count, piece.batch.count)
        if (rest.count === 0) this.#head++
        else this.#pieces[this.#head] = { ...piece, batch: rest, first: piece.first + count }
      }
      break
    }
    this.#compact()
    return taken
  }

  /** Puts pieces back to where they were. */
  putBack(pieces: readonly Piece[]): void {
    // Leases that were taken in turns may interleave; a sort of runs costs no more than a merge.
    this.#pieces = [...pieces, ...this.#pieces.slice(this.#head)].sort((a, b) => a.first - b.first)
    this.#head = 0
  }

  #compact(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#pieces.length) return
    this.#pieces = this.#pieces.slice(this.#head)
    this.#head = 0
  }
}

/** How many of the piece's first events fit; at least one where `least` asks for it. */
function countWithin(piece: Piece, maxEvents: number, maxBytes: number, least: boolean): number {
  const most = Math.min(piece.batch.count, maxEvents)
  if (piece.batch.bytes.length <= maxBytes) return most
  const offsets = piece.batch.offsets()
  let count = 0
  while (count < most && (offsets[count + 1] ?? Infinity) <= maxBytes) count++
  return count === 0 && least ? 1 : count
}
