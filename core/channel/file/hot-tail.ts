import { Batch } from '../../event/batch.ts'
import type { Block } from './block.ts'
import type { Place, Stored } from './worker-messages.ts'

export interface HotBlock {
  readonly block: Block
  readonly segment: number
  /** Behind its frame. */
  readonly end: number
}

/**
 * The newest blocks, kept in memory so that a sink at the tail is handed what was just written. Bounded: the oldest go
 * first, and are read from their segment when they are wanted.
 */
export class HotTail {
  readonly #limit: number
  #blocks: HotBlock[] = []
  #head = 0
  #bytes = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Keeps what was just written of a batch. `given`: it is the channel's own now, to recycle when it has left. */
  keep(batch: Batch, parts: readonly Stored[], at: number, given: boolean): void {
    const whole = parts.length === 1 && parts[0]!.to - parts[0]!.from === batch.count
    // Few events in a large buffer would keep all of it: they are copied, and the buffer is free again.
    const wasteful = batch.bytes.length * 2 < batch.bytes.buffer.byteLength
    for (const part of parts) {
      if (part.to === part.from) continue
      let kept = batch.slice(part.from, part.to)
      if (wasteful) {
        const bytes = Buffer.allocUnsafeSlow(kept.bytes.length)
        kept.bytes.copy(bytes)
        kept = new Batch(bytes, kept.count)
      }
      const exclusive = given && whole && !wasteful
      const block: Block = { batch: kept, firstEvent: part.firstEvent, at, exclusive, left: kept.count }
      this.#push({ block, segment: part.segment, end: part.end })
    }
    if (given && (wasteful || parts.every(({ from, to }) => from === to))) batch.recycle()
  }

  #push(hot: HotBlock): void {
    this.#blocks.push(hot)
    this.#bytes += held(hot)
    while (this.#bytes > this.#limit && this.#head < this.#blocks.length) {
      const { block } = this.#shift()
      // Nobody was handed it: it will be read again from its segment.
      if (block.exclusive) block.batch.recycle()
    }
  }

  /** The block with `event`, if it is here; it and all before it leave. */
  take(event: number): HotBlock | undefined {
    while (this.#head < this.#blocks.length) {
      const { block } = this.#blocks[this.#head]!
      if (block.firstEvent > event) return undefined
      const hot = this.#shift()
      if (block.firstEvent + block.batch.count > event) return hot
      if (block.exclusive) block.batch.recycle()
    }
    return undefined
  }

  #shift(): HotBlock {
    const hot = this.#blocks[this.#head]!
    this.#head++
    this.#bytes -= held(hot)
    if (this.#head > 64 && this.#head * 2 > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head)
      this.#head = 0
    }
    return hot
  }

  clear(): void {
    this.#blocks = []
    this.#head = 0
    this.#bytes = 0
  }
}

/** A small view keeps all the memory below it. */
function held({ block }: HotBlock): number {
  return block.batch.bytes.buffer.byteLength
}

/** Where reading goes on behind a block. */
export function behind(hot: HotBlock): Place {
  return { segment: hot.segment, offset: hot.end }
}
