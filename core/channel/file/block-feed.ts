import { Batch } from '../../event/batch.ts'
import type { Block } from './block.ts'
import type { HotBlock, HotTail } from './hot-tail.ts'
import type { FrameRead, SegmentReader } from './segment-reader.ts'
import type { Located, Place } from './worker-messages.ts'

export interface DamageHandler {
  /** Where the block with the first event from `event` on lies that is still in the queue. */
  locate(event: number): Promise<Located | undefined>
  /** These bytes cannot be read: the events that they should hold leave the queue, to quarantine or, where nothing is left, lost. */
  damaged(
    place: Place,
    size: number,
    events: { first: number; count: number; bytes: number },
    reason: string,
  ): Promise<void>
}

/** Hands out the blocks of a channel in order: from memory where they are still there, else from the segments. */
export class BlockFeed {
  readonly #hot: HotTail
  readonly #reader: SegmentReader
  readonly #damage: DamageHandler
  /** Every event below was handed out. */
  #next: number

  constructor(hot: HotTail, reader: SegmentReader, damage: DamageHandler, next: number) {
    this.#hot = hot
    this.#reader = reader
    this.#damage = damage
    this.#next = next
  }

  /** The next block if it is in memory. */
  fromMemory(): Block | undefined {
    const hot = this.#hot.take(this.#next)
    if (hot === undefined) return undefined
    this.#passed(hot)
    return hot.block
  }

  #passed(hot: HotBlock): void {
    this.#next = hot.block.firstEvent + hot.block.batch.count
    this.#reader.seek({ segment: hot.segment, offset: hot.end })
  }

  /** True when a block may be had from the segments. */
  get more(): boolean {
    return this.#reader.more
  }

  /** The next block from the segments; undefined when there is none. Rejects when the disk cannot be read. */
  async fromDisk(): Promise<Block | undefined> {
    for (;;) {
      const read = await this.#reader.next()
      if (read === undefined) return undefined
      if (read.found === 'damage') {
        await this.#skip(read)
        continue
      }
      const { header, payload } = read
      const next = header.firstEvent + header.count
      // Blocks that were handed out from memory lie behind a place that was sought while this one was read.
      if (next <= this.#next) continue
      if (header.firstEvent > this.#next) await this.#missing(header.firstEvent)
      this.#next = next
      const batch = new Batch(payload, header.count)
      return { batch, firstEvent: header.firstEvent, at: header.at, exclusive: false, left: header.count }
    }
  }

  /**
   * The segments go on with `event`, though others were to come: they are settled, or what should hold them holds something
   * else, such as a copy of another segment.
   */
  async #missing(event: number): Promise<void> {
    for (;;) {
      const located = await this.#damage.locate(this.#next)
      if (located === undefined || located.firstEvent >= event) return
      await this.#lose(located, 'not where it was stored')
    }
  }

  /** What should lie there leaves the queue. */
  async #lose(located: Located, reason: string): Promise<void> {
    await this.#damage.damaged(
      { segment: located.segment, offset: located.offset },
      located.size,
      { first: located.firstEvent, count: located.count, bytes: located.rawLength },
      `damaged in storage: ${reason}`,
    )
    this.#next = located.firstEvent + located.count
  }

  async #skip(read: Extract<FrameRead, { found: 'damage' }>): Promise<void> {
    const { place } = read
    // The index knows what should be here, even where the header is gone.
    const located = await this.#damage.locate(this.#next)
    if (located === undefined) {
      this.#reader.seek({ segment: place.segment, offset: Number.MAX_SAFE_INTEGER })
      return
    }
    const ahead = located.segment - place.segment || located.offset - place.offset
    if (ahead > 0) {
      this.#reader.seek(located)
      return
    }
    // One that should have come before this place is behind the end of what its segment still has.
    await this.#lose(located, ahead === 0 ? read.reason : 'not where it was stored')
    if (ahead === 0) this.#reader.seek({ segment: place.segment, offset: place.offset + located.size })
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
