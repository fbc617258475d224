import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Ledger, SourcePosition } from '../channel.ts'
import { SluiceError, systemCode } from '../../errors.ts'
import { Batch } from '../../event/batch.ts'
import type { Event } from '../../event/event.ts'
import type { BlockRow, ChannelState, SettledRow } from './channel-state.ts'
import { EventRanges } from '../event-ranges.ts'
import { FrameCodec, type CodecSettings, frameBound } from './frame-codec.ts'
import { frameHeaderSize, type FrameHeader, readFrameHeader, saltOf } from './frame.ts'
import { decodeMeta, type QuarantineMeta } from './frame-meta.ts'
import { scanFrames } from './frame-scan.ts'
import { ledgerOf } from './fsck.ts'
import { IndexSnapshot } from './index-snapshot.ts'
import { quarantinePath, readFully } from './segment-files.ts'
import { SegmentHandles } from './segment-handles.ts'

/** One block of a channel: the events `[firstEvent, firstEvent + count)`. */
export interface BlockInfo extends BlockRow {
  /** The parts that still wait, as event numbers `[first, next)`. */
  readonly waiting: readonly (readonly [first: number, next: number])[]
}

export interface BacklogSummary {
  readonly channel: string
  /** The number of the oldest event that waits, and the number that the next one to come will have. */
  readonly low: number
  readonly nextEvent: number
  readonly queued: number
  readonly bytes: number
  readonly ledger: Ledger
  readonly oldestAt: number | undefined
  readonly newestAt: number | undefined
  readonly segments: number
}

/** Where a listing starts: at an event's number, at a time (milliseconds since the epoch), or at an end. */
export type Start = { readonly event: number } | { readonly at: number } | 'oldest' | 'newest'

export interface StoredEvent {
  readonly number: number
  /** When it came in. */
  readonly at: number
  readonly event: Event
}

export interface QuarantinedBatch {
  readonly firstEvent: number
  readonly at: number
  readonly reason: string
  /** Undefined when its key is not there or it is damaged. */
  readonly batch: Batch | undefined
}

/**
 * Looks at the backlog of a channel's folder: of a running channel, a stopped one, or a copy. It takes no lock, changes
 * nothing and holds no snapshot between two calls, so the channel is not held up. Blocks that are drained and removed
 * meanwhile are left out; what a running channel took in the last moment (25 ms) is not to be seen yet.
 */
export class ChannelReader {
  readonly #folder: string
  readonly #snapshot: IndexSnapshot
  readonly #codec: FrameCodec
  readonly #files: SegmentHandles
  #knownSalt: Buffer | undefined
  /** What is read into, again and again. */
  #run = Buffer.alloc(0)

  /** Throws `SLUICE_FILE` when `folder` has no index. `keys`: see {@link CodecSettings}. */
  constructor(folder: string, keys: CodecSettings['keys'] = []) {
    this.#folder = folder
    this.#files = new SegmentHandles(folder)
    this.#snapshot = new IndexSnapshot(folder)
    this.#codec = new FrameCodec({ compression: 'none', keys })
  }

  summary(): BacklogSummary {
    const state = this.#snapshot.state()
    const { index } = this.#snapshot
    const { low, nextEvent, queued, bytes } = state
    return {
      channel: state.channel,
      low,
      nextEvent,
      queued,
      bytes,
      ledger: ledgerOf(state),
      oldestAt: queued === 0 ? undefined : index.blockAt(low)?.at,
      newestAt: queued === 0 ? undefined : index.blocksFrom(nextEvent, true, 1)[0]?.at,
      segments: state.segments.length,
    }
  }

  positions(): SourcePosition[] {
    return [...this.#snapshot.state().positions.values()]
  }

  /** What was settled out of order above the low-water mark: by which hand, why, when. */
  settled(): SettledRow[] {
    return this.#snapshot.index.settledRows()
  }

  losses(): ReturnType<IndexSnapshot['index']['losses']> {
    return this.#snapshot.index.losses()
  }

  /** At most `limit` blocks with waiting events, from `start` on, or back from it. */
  blocks(start: Start, limit: number, backward = start === 'newest'): BlockInfo[] {
    const { index } = this.#snapshot
    const { low, settled, nextEvent } = this.marks()
    let event =
      start === 'oldest'
        ? low
        : start === 'newest'
          ? nextEvent
          : 'event' in start
            ? start.event
            : (index.eventAt(start.at) ?? nextEvent)
    const found: BlockInfo[] = []
    while (found.length < limit) {
      const rows = index.blocksFrom(event, backward, limit)
      for (const row of rows) {
        const next = row.firstEvent + row.count
        const waiting = settled.missing(Math.max(low, row.firstEvent), Math.max(low, next))
        if (waiting.length > 0 && found.length < limit) found.push({ ...row, waiting })
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < limit || (backward && last.firstEvent <= low)) break
      event = backward ? last.firstEvent - 1 : last.firstEvent + last.count
    }
    return found
  }

  /** Which events wait: those from `low` on, without the settled ones, below `nextEvent`. */
  marks(): Pick<ChannelState, 'low' | 'settled' | 'nextEvent'> {
    return this.#snapshot.index.atOnce(() => {
      const row = this.#snapshot.index.channel()
      const settled = EventRanges.of(
        this.#snapshot.index.settledRows().map(({ first, next }): [number, number] => [first, next]),
      )
      return { low: row?.low_event ?? 0, nextEvent: row?.next_event ?? 0, settled }
    })
  }

  /**
   * The events of a block; undefined when it was removed meanwhile. Throws `SLUICE_CHANNEL_CORRUPT` when its bytes are
   * not what was stored, `SLUICE_CONFIG` when its key is not there.
   */
  async batch(block: BlockRow): Promise<Batch | undefined> {
    const bytes = Buffer.allocUnsafe(block.size)
    try {
      const { bytesRead } = await this.#files.with(block.segment, (file) =>
        file.read(bytes, 0, block.size, block.offset),
      )
      if (bytesRead < block.size) throw this.#damaged(block, 'it is cut short')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
    return this.#decoded(block, bytes)
  }

  /**
   * What {@link batch} gives of each of these blocks, or the error that it throws, in their order. It reads those that
   * lie side by side at once and does not give up the thread meanwhile: for a thread that does nothing else. A batch is
   * good until the next one is asked for.
   */
  async *batches<Block extends BlockRow>(
    blocks: readonly Block[],
  ): AsyncGenerator<readonly [block: Block, batch: Batch | SluiceError | undefined]> {
    for (const run of runsOf(blocks)) {
      const start = Math.min(...run.map(({ offset }) => offset))
      const length = Math.max(...run.map(({ offset, size }) => offset + size)) - start
      if (this.#run.length < length) this.#run = Buffer.allocUnsafeSlow(Math.max(length, mostOfRun))
      let read = 0
      try {
        read = await this.#files.with(run[0]!.segment, (file) =>
          Promise.resolve(readFully(file.fd, this.#run, length, start)),
        )
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error
        for (const block of run) yield [block, undefined]
        continue
      }
      for (const block of run) {
        const from = block.offset - start
        yield [block, this.#read(block, this.#run.subarray(from, Math.min(from + block.size, read)))]
      }
    }
  }

  #read(block: BlockRow, bytes: Buffer): Batch | SluiceError {
    try {
      if (bytes.length < block.size) throw this.#damaged(block, 'it is cut short')
      return this.#decoded(block, bytes)
    } catch (error) {
      if (error instanceof SluiceError) return error
      throw error
    }
  }

  #decoded(block: BlockRow, bytes: Buffer): Batch {
    const salt = this.#salt()
    const header = readFrameHeader(bytes, 0, salt)
    if (header?.firstEvent !== block.firstEvent) throw this.#damaged(block, 'no frame header')
    const stored = bytes.subarray(frameHeaderSize + header.metaLength)
    if (crc32(stored) !== header.crc) throw this.#damaged(block, 'payload CRC mismatch')
    return new Batch(this.#decode(stored, header, salt), header.count)
  }

  #damaged(block: BlockRow, why: string): SluiceError {
    const where = `block of event ${block.firstEvent} in segment ${block.segment} at byte ${block.offset}`
    return new SluiceError('SLUICE_CHANNEL_CORRUPT', `${where} cannot be read: ${why}`)
  }

  /** A channel keeps its id for life, so its index is asked once. */
  #salt(): Buffer {
    if (this.#knownSalt !== undefined) return this.#knownSalt
    const id = this.#snapshot.index.channel()?.id
    const salt = saltOf(id ?? '')
    if (id !== undefined) this.#knownSalt = salt
    return salt
  }

  #decode(stored: Buffer, header: FrameHeader, salt: Buffer): Buffer {
    if (header.codec === 0) return stored
    const bound = frameBound(salt, header.block, header.firstEvent, header.count)
    return this.#codec.decode(stored, header.codec, header.keyId, header.rawLength, bound)
  }

  /** Waiting events one by one, from `start` on, or back from it; it reads a block at a time. */
  async *events(start: Start, backward = start === 'newest'): AsyncGenerator<StoredEvent> {
    let from: Start = start
    for (;;) {
      const [block] = this.blocks(from, 1, backward)
      if (block === undefined) return
      const batch = await this.batch(block)
      const numbers = block.waiting.flatMap(([first, next]) =>
        Array.from({ length: next - first }, (_, at) => first + at),
      )
      if (backward) numbers.reverse()
      const wanted = typeof from === 'object' && 'event' in from ? from.event : undefined
      for (const number of batch === undefined ? [] : numbers)
        if (wanted === undefined || (backward ? number <= wanted : number >= wanted))
          yield { number, at: block.at, event: batch!.event(number - block.firstEvent) }
      from = { event: backward ? block.firstEvent - 1 : block.firstEvent + block.count }
      if (from.event < 0) return
    }
  }

  /** What lies in quarantine, oldest first. */
  quarantine(): QuarantinedBatch[] {
    const file = quarantinePath(this.#folder)
    if (!fs.existsSync(file)) return []
    const salt = this.#salt()
    const descriptor = fs.openSync(file, 'r')
    try {
      const found: QuarantinedBatch[] = []
      for (const item of scanFrames(descriptor, 0, fs.fstatSync(descriptor).size, { salt, payloads: true })) {
        if (item.found === 'damage') continue
        const { header } = item
        const { reason, at } = decodeMeta(item.meta) as QuarantineMeta
        const stored = Buffer.allocUnsafe(header.length)
        fs.readSync(descriptor, stored, 0, stored.length, item.end - header.length)
        let batch: Batch | undefined
        try {
          batch = new Batch(this.#decode(stored, header, salt), header.count)
        } catch {
          batch = undefined
        }
        found.push({ firstEvent: header.firstEvent, at, reason, batch })
      }
      return found
    } finally {
      fs.closeSync(descriptor)
    }
  }

  async close(): Promise<void> {
    this.#snapshot.close()
    await this.#files.close()
  }
}

/** Bytes that are read at once, unless one block has more. */
const mostOfRun = 1 << 20
/** Bytes of no use that are read along rather than read around. */
const mostBetween = 1 << 16

/** Neighbours that lie side by side, or nearly so, in one segment. */
function runsOf<Block extends BlockRow>(blocks: readonly Block[]): Block[][] {
  const runs: Block[][] = []
  let from = 0
  let to = 0
  for (const block of blocks) {
    const run = runs.at(-1)
    const [start, end] = [Math.min(from, block.offset), Math.max(to, block.offset + block.size)]
    const between = end - start - (to - from) - block.size
    if (run?.[0]?.segment === block.segment && between <= mostBetween && end - start <= mostOfRun) {
      run.push(block)
      from = start
      to = end
    } else {
      runs.push([block])
      from = block.offset
      to = block.offset + block.size
    }
  }
  return runs
}
