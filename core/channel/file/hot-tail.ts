import type { Block } from './block.ts'
import type { Place } from './worker-messages.ts'

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

  push(hot: HotBlock): void {
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
