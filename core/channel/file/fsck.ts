import fs from 'node:fs'
import type { Ledger } from '../channel.ts'
import { errorText, isSluiceError, SluiceError } from '../../errors.ts'
import { eventOffsets } from '../../event/batch.ts'
import type { BlockRow, ChannelState } from './channel-state.ts'
import { EventRanges } from '../event-ranges.ts'
import { frameHeaderSize, type FrameHeader, saltOf } from './frame.ts'
import { scanFrames } from './frame-scan.ts'
import { repairChannel } from './fsck-repair.ts'
import { IndexSnapshot } from './index-snapshot.ts'
import { listSegments, quarantinePath, readFully, segmentPath } from './segment-files.ts'

export interface FsckOptions {
  /** Mend what can be mended; the channel must not be in use (`SLUICE_CHANNEL_LOCKED`). */
  readonly repair?: boolean
  readonly signal?: AbortSignal
  /** Called after each segment, with bytes. */
  readonly onProgress?: (done: number, total: number) => void
}

export const problemKinds = [
  'index missing',
  'index damaged',
  'index wrong',
  'not indexed',
  'unfinished tail',
  'damaged frame',
  'events unreadable',
  'segment missing',
  'segment short',
  'events missing',
  'books wrong',
] as const

export interface FsckProblem {
  readonly kind: (typeof problemKinds)[number]
  /** Where and what, in words. */
  readonly message: string
  /** False for what a running or killed channel leaves behind as a matter of course. */
  readonly serious: boolean
  readonly segment?: number
  readonly offset?: number
  /** Behind the bytes it is about. */
  readonly end?: number
}

export interface FsckSegment {
  readonly id: number
  readonly bytes: number
  readonly frames: number
  readonly events: number
  readonly sealed: boolean
}

export interface FsckReport {
  readonly folder: string
  readonly channel: string | undefined
  /** No serious problem. */
  readonly ok: boolean
  readonly segments: readonly FsckSegment[]
  /** As the index says; undefined without a readable index. */
  readonly ledger: Ledger | undefined
  /** Waiting events that were found in good frames. It must be `ledger.queued`. */
  readonly queuedFound: number
  /** Frames in the quarantine file and the events in them. */
  readonly quarantine: { readonly frames: number; readonly events: number }
  readonly problems: readonly FsckProblem[]
  /** What was mended, in words. */
  readonly repairs: readonly string[]
}

/**
 * Reads every frame of a channel's folder, holds the index and the ledger against them, and says what is wrong. Works
 * on a running channel too: what is being written just then is not looked at. Throws `SLUICE_FILE` when `folder` is no
 * channel folder, `SLUICE_ABORTED` on `signal`.
 */
export async function fsck(folder: string, options: FsckOptions = {}): Promise<FsckReport> {
  if (!fs.existsSync(folder) || (listSegments(folder).length === 0 && !fs.existsSync(`${folder}/index.db`)))
    throw new SluiceError('SLUICE_FILE', `${folder} is no channel folder: it has neither segments nor index.db`)
  const found = await new Check(folder, options).run()
  if (options.repair !== true || found.problems.length === 0) return found
  const repairs = repairChannel(folder, found.problems)
  return { ...(await new Check(folder, options).run()), repairs }
}

class Check {
  readonly #folder: string
  readonly #options: FsckOptions
  readonly #problems: FsckProblem[] = []
  readonly #segments: FsckSegment[] = []
  /** Events that lie in good frames. */
  readonly #present = new EventRanges()
  #state: ChannelState | undefined

  constructor(folder: string, options: FsckOptions) {
    this.#folder = folder
    this.#options = options
  }

  #problem(kind: FsckProblem['kind'], serious: boolean, message: string, place: Partial<FsckProblem> = {}): void {
    this.#problems.push({ kind, serious, message, ...place })
  }

  async run(): Promise<FsckReport> {
    const blocks = this.#readIndex()
    const ids = listSegments(this.#folder).filter((id) => id > (this.#state?.droppedSegment ?? 0))
    const sizes = ids.map((id) => sizeOf(segmentPath(this.#folder, id)))
    const total = sizes.reduce((sum, size) => sum + size, 0)
    let done = 0
    for (const [at, id] of ids.entries()) {
      if (this.#options.signal?.aborted === true) throw new SluiceError('SLUICE_ABORTED', 'the check was ended')
      this.#segment(id, sizes[at]!, blocks?.get(id))
      done += sizes[at]!
      this.#options.onProgress?.(done, total)
      await new Promise(setImmediate)
    }
    for (const segment of this.#state?.segments ?? [])
      if (!ids.includes(segment.id))
        this.#problem(
          'segment missing',
          true,
          `segment ${segment.id} with events ${segment.firstEvent} to ` + `${segment.nextEvent - 1} is not there`,
          { segment: segment.id },
        )
    const queuedFound = this.#books()
    return {
      folder: this.#folder,
      channel: this.#state?.channel,
      ok: !this.#problems.some(({ serious }) => serious),
      segments: this.#segments,
      ledger: this.#state === undefined ? undefined : ledgerOf(this.#state),
      queuedFound,
      quarantine: this.#quarantine(),
      problems: this.#problems,
      repairs: [],
    }
  }

  /** The blocks that the index knows, by segment. */
  #readIndex(): Map<number, Map<number, BlockRow>> | undefined {
    let snapshot: IndexSnapshot | undefined
    try {
      snapshot = new IndexSnapshot(this.#folder)
      if (!snapshot.index.sound()) throw new Error('SQLite finds it unsound')
      const state = snapshot.state()
      const { index } = snapshot
      const blocks = state.segments.map(
        ({ id }) => [id, new Map(index.blocksOf(id).map((row) => [row.firstEvent, row]))] as const,
      )
      this.#state = state
      return new Map(blocks)
    } catch (error) {
      // Nothing was read: to call the index damaged would invite a repair of what may be sound.
      if (isSluiceError(error, 'SLUICE_INSTALLATION')) throw error
      const missing = isSluiceError(error, 'SLUICE_FILE')
      this.#problem(missing ? 'index missing' : 'index damaged', true, errorText(error))
      return undefined
    } finally {
      snapshot?.close()
    }
  }

  #segment(id: number, size: number, blocks: Map<number, BlockRow> | undefined): void {
    const known = this.#state?.segments.find((segment) => segment.id === id)
    if (known !== undefined && size < known.length)
      this.#problem(
        'segment short',
        true,
        `segment ${id} has ${size} bytes, the index saw ${known.length} on the disk`,
        {
          segment: id,
          offset: size,
        },
      )
    // Behind what is indexed lies what a running channel is writing just now, or what one that was killed has left.
    const limit = known === undefined ? size : Math.min(size, known.length)
    const descriptor = fs.openSync(segmentPath(this.#folder, id), 'r')
    let frames = 0
    let events = 0
    try {
      const salt = this.#state === undefined ? undefined : saltOf(this.#state.channel)
      for (const item of scanFrames(descriptor, 0, size, { salt, payloads: true, limit })) {
        if (item.found === 'damage') {
          const unfinished = item.tail && known === undefined
          this.#problem(
            unfinished ? 'unfinished tail' : 'damaged frame',
            !unfinished && this.#matters(blocks, item.at, item.end),
            `segment ${id}, bytes ${item.at} to ${item.end}: ${item.reason}`,
            { segment: id, offset: item.at, end: item.end },
          )
          continue
        }
        frames++
        if (item.header.kind !== 'events') continue
        events += item.header.count
        this.#frame(descriptor, id, item.at, item.header, blocks)
      }
    } finally {
      fs.closeSync(descriptor)
    }
    if (known === undefined && this.#state !== undefined)
      this.#problem('not indexed', false, `segment ${id} is not in the index yet`, { segment: id })
    else if (known !== undefined && size > known.length)
      this.#problem('not indexed', false, `segment ${id} has ${size - known.length} bytes behind what is indexed`, {
        segment: id,
        offset: known.length,
      })
    this.#segments.push({ id, bytes: size, frames, events, sealed: known?.sealed ?? false })
  }

  /** Damage in what is settled already costs nothing. */
  #matters(blocks: Map<number, BlockRow> | undefined, at: number, end: number): boolean {
    const state = this.#state
    if (blocks === undefined || state === undefined) return true
    return [...blocks.values()].some(
      (row) =>
        row.offset < end &&
        row.offset + row.size > at &&
        state.settled.missing(Math.max(row.firstEvent, state.low), row.firstEvent + row.count).length > 0,
    )
  }

  #frame(
    descriptor: number,
    segment: number,
    at: number,
    header: FrameHeader,
    blocks: Map<number, BlockRow> | undefined,
  ): void {
    const next = header.firstEvent + header.count
    this.#present.add(header.firstEvent, next)
    if (header.codec === 0 && header.count > 0) {
      const bytes = Buffer.allocUnsafe(header.length)
      readFully(descriptor, bytes, bytes.length, at + frameHeaderSize + header.metaLength)
      try {
        eventOffsets(bytes, header.count)
      } catch (error) {
        const message = `segment ${segment}, byte ${at}: ${errorText(error)}`
        this.#problem('events unreadable', true, message, { segment, offset: at, end: at + 1 })
      }
    }
    if (blocks === undefined || header.count === 0 || next <= (this.#state?.low ?? 0)) return
    const row = blocks.get(header.firstEvent)
    if (row?.offset !== at || row.count !== header.count || row.segment !== segment)
      this.#problem(
        'index wrong',
        true,
        `the index does not know the events ${header.firstEvent} to ${next - 1} at ` +
          `byte ${at} of segment ${segment}`,
        { segment, offset: at },
      )
  }

  /** Holds the ledger against what was found; returns how many waiting events were. */
  #books(): number {
    const state = this.#state
    if (state === undefined) return this.#present.count()
    const ledger = ledgerOf(state)
    const dropped = Object.values(ledger.dropped).reduce((sum, events) => sum + events, 0)
    const sum = ledger.delivered + ledger.queued + dropped + ledger.quarantined + ledger.lost
    if (sum !== ledger.received)
      this.#problem('books wrong', true, `received is ${ledger.received}, but the rest adds up to ${sum}`)
    let found = 0
    for (const [first, next] of state.settled.missing(state.low, state.nextEvent)) {
      for (const [from, to] of this.#present.within(first, next)) found += to - from
      for (const [from, to] of this.#present.missing(first, next))
        this.#problem('events missing', true, `the waiting events ${from} to ${to - 1} are in no good frame`)
    }
    return found
  }

  #quarantine(): { frames: number; events: number } {
    const file = quarantinePath(this.#folder)
    let frames = 0
    let events = 0
    if (!fs.existsSync(file)) return { frames, events }
    const descriptor = fs.openSync(file, 'r')
    try {
      const salt = this.#state === undefined ? undefined : saltOf(this.#state.channel)
      for (const item of scanFrames(descriptor, 0, fs.fstatSync(descriptor).size, { salt, payloads: true }))
        if (item.found === 'frame') {
          frames++
          events += item.header.count
        } else this.#problem('damaged frame', !item.tail, `quarantine, bytes ${item.at} to ${item.end}: ${item.reason}`)
    } finally {
      fs.closeSync(descriptor)
    }
    return { frames, events }
  }
}

function sizeOf(file: string): number {
  try {
    return fs.statSync(file).size
  } catch {
    // Drained and removed by the running channel since the folder was listed.
    return 0
  }
}

export function ledgerOf(state: ChannelState): Ledger {
  return {
    received: state.nextEvent,
    delivered: state.delivered,
    queued: state.queued,
    dropped: Object.fromEntries(state.dropped),
    quarantined: state.quarantined,
    lost: state.lost,
    repeated: state.repeated,
  }
}
