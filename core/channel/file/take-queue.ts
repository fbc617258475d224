import { isSluiceError } from '../../errors.ts'
import { type Block, bytesOf, firstOf, nextOf, type Piece } from './block.ts'
import type { BlockFeed } from './block-feed.ts'
import { EventRanges } from '../event-ranges.ts'

/** A timer cannot be set for longer. */
const longestTimer = 2 ** 31 - 1

interface Taker {
  readonly maxEvents: number
  readonly maxBytes: number
  readonly done: (pieces: Piece[] | undefined) => void
  readonly failed: (error: unknown) => void
  waiting: boolean
}

/**
 * What is waiting, in order: pieces that came back, what is left of the present block, then the feed. Serves the
 * takers in the order of their calls; leases of one run of events never overlap.
 */
export class TakeQueue {
  readonly #feed: BlockFeed
  /** A block that cannot be cut into events: it must leave, or it would stop the queue. */
  readonly #unreadable: (block: Block, reason: string) => Promise<void>
  /** Sorted; all before what the feed gives next. */
  readonly #pieces: Piece[] = []
  readonly #skip: EventRanges
  readonly #takers: Taker[] = []
  #serving = false

  constructor(
    feed: BlockFeed,
    unreadable: (block: Block, reason: string) => Promise<void>,
    skip: Iterable<readonly [number, number]>,
  ) {
    this.#feed = feed
    this.#unreadable = unreadable
    this.#skip = EventRanges.of(skip)
  }

  /** Resolves with pieces that lie end to end; undefined when time or `signal` ended the wait. */
  take(
    maxEvents: number,
    maxBytes: number,
    waitMilliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<Piece[] | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        resolve(undefined)
        return
      }
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', giveUp)
        taker.waiting = false
      }
      const taker: Taker = {
        maxEvents: Math.max(1, maxEvents),
        maxBytes: Math.max(1, maxBytes),
        waiting: true,
        done: (pieces) => {
          end()
          resolve(pieces)
        },
        failed: (error) => {
          end()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      }
      const giveUp = () => {
        const at = this.#takers.indexOf(taker)
        if (at >= 0) this.#takers.splice(at, 1)
        taker.done(undefined)
      }
      let timer: NodeJS.Timeout | undefined
      this.#takers.push(taker)
      signal?.addEventListener('abort', giveUp, { once: true })
      void this.#serve().then(() => {
        if (taker.waiting && waitMilliseconds !== Infinity)
          timer = setTimeout(giveUp, Math.min(waitMilliseconds, longestTimer))
      })
    })
  }

  /** There may be more to take now. */
  wake(): void {
    if (this.#takers.length > 0 && !this.#serving) void this.#serve()
  }

  /** Pieces come back, in order. */
  giveBack(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      let at = 0
      while (at < this.#pieces.length && firstOf(this.#pieces[at]!) < firstOf(piece)) at++
      this.#pieces.splice(at, 0, piece)
    }
    this.wake()
  }

  /** These events have left the queue by a hand: nobody takes them. */
  skip(first: number, next: number): void {
    this.#skip.add(first, next)
  }

  /** Ends every wait. */
  end(): void {
    for (const taker of this.#takers.splice(0)) taker.done(undefined)
  }

  fail(error: unknown): void {
    for (const taker of this.#takers.splice(0)) taker.failed(error)
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    try {
      for (let taker = this.#takers[0]; taker !== undefined; taker = this.#takers[0]) {
        let pieces: Piece[]
        try {
          pieces = await this.#gather(taker)
        } catch (error) {
          if (this.#takers[0] === taker) this.#takers.shift()
          if (taker.waiting) taker.failed(error)
          continue
        }
        if (pieces.length === 0) {
          if (this.#feed.more) continue
          return
        }
        if (taker.waiting) {
          this.#takers.splice(this.#takers.indexOf(taker), 1)
          taker.done(pieces)
        } else this.#pieces.unshift(...pieces)
      }
    } finally {
      this.#serving = false
    }
  }

  async #gather(taker: Taker): Promise<Piece[]> {
    const taken: Piece[] = []
    let events = 0
    let bytes = 0
    let expected: number | undefined
    while (events < taker.maxEvents && bytes < taker.maxBytes) {
      const piece = this.#front() ?? (await this.#fromDisk())
      if (piece === undefined) break
      if (expected !== undefined && firstOf(piece) !== expected) {
        this.#pieces.unshift(piece)
        break
      }
      let part: Piece
      let size: number
      try {
        part = cut(piece, taker.maxEvents - events, taker.maxBytes - bytes, taken.length === 0)
        size = bytesOf(part)
      } catch (error) {
        if (!isSluiceError(error, 'SLUICE_EVENT_FORMAT')) throw error
        await this.#unreadable(piece.block, error.message)
        if (taken.length > 0) break
        continue
      }
      if (part.to < piece.to) this.#pieces.unshift({ ...piece, from: part.to })
      if (part.to === part.from) break
      taken.push(part)
      events += part.to - part.from
      bytes += size
      expected = nextOf(part)
    }
    return taken
  }

  async #fromDisk(): Promise<Piece | undefined> {
    while (this.#feed.more) {
      const block = this.#feed.fromMemory() ?? (await this.#feed.fromDisk())
      if (block === undefined) break
      this.#arrive(block)
      const piece = this.#front()
      if (piece !== undefined) return piece
    }
    return undefined
  }

  /** The first waiting piece without what is to be skipped; takes it out. */
  #front(): Piece | undefined {
    for (;;) {
      if (this.#pieces.length === 0) {
        const block = this.#feed.fromMemory()
        if (block === undefined) return undefined
        this.#arrive(block)
      }
      const piece = this.#pieces.shift()!
      if (this.#skip.size === 0) return piece
      const base = piece.block.firstEvent
      const parts = this.#skip
        .missing(firstOf(piece), nextOf(piece))
        .map(([first, next]): Piece => ({ block: piece.block, from: first - base, to: next - base }))
      piece.block.left -= piece.to - piece.from - parts.reduce((sum, { from, to }) => sum + to - from, 0)
      const [first, ...rest] = parts
      this.#pieces.unshift(...rest)
      if (first !== undefined) return first
    }
  }

  #arrive(block: Block): void {
    this.#pieces.push({ block, from: 0, to: block.batch.count })
  }
}

/** As many events of `piece` as fit; one at least when `first`. */
function cut(piece: Piece, maxEvents: number, maxBytes: number, first: boolean): Piece {
  let to = Math.min(piece.to, piece.from + maxEvents)
  const whole = { ...piece, to }
  if (bytesOf(whole) <= maxBytes) return whole
  const offsets = piece.block.batch.offsets()
  const start = offsets[piece.from]!
  while (to > piece.from && offsets[to]! - start > maxBytes) to--
  if (to === piece.from && first) to++
  return { ...piece, to }
}
