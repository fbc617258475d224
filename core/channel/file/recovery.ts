import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { SluiceError } from '../../errors.ts'
import { type BlockRow, ChannelState, type Segment } from './channel-state.ts'
import { saltAt, saltOf } from './frame.ts'
import { decodeMeta, type EventsMeta, type StateMeta } from './frame-meta.ts'
import { scanFrames, type Scanned } from './frame-scan.ts'
import { IndexDatabase, isCorruption } from './index-database.ts'
import { indexVersion } from './index-schema.ts'
import { replaceIndex } from './index-keeper.ts'
import { indexPath, listSegments, segmentPath } from './segment-files.ts'
import type { OpenReport } from './worker-messages.ts'

export interface Recovered {
  readonly state: ChannelState
  readonly index: IndexDatabase
  readonly report: OpenReport
}

/** An index larger than this is not checked page by page when it is opened: damage shows when it is met. */
const checkedIndexSize = 8 << 20

/**
 * Opens the books of a channel's folder: reads the index and takes in what the segments hold beyond it. Cuts an
 * unfinished group off the end, counts what is gone as lost, and makes the index anew when it is missing or damaged.
 * `now`: milliseconds since the epoch, for the notes it makes.
 */
export function recover(folder: string, now: number): Recovered {
  const report: OpenReport = {
    milliseconds: 0,
    rebuilt: undefined,
    reindexedBlocks: 0,
    truncatedBytes: 0,
    damagedBytes: 0,
    lostEvents: 0,
  }
  let index = openIndex(folder, now, report)
  try {
    try {
      return recoverWith(folder, index, now, report)
    } catch (error) {
      if (!isCorruption(error)) throw error
      index.close()
      report.rebuilt = String(error)
      index = replaceIndex(folder, now)
      return recoverWith(folder, index, now, report)
    }
  } catch (error) {
    index.close()
    throw error
  }
}

function recoverWith(folder: string, index: IndexDatabase, now: number, report: OpenReport): Recovered {
  const files = listSegments(folder)
  const row = index.channel()
  if (row !== undefined && row.version !== indexVersion)
    throw new SluiceError(
      'SLUICE_CHANNEL_CORRUPT',
      `${indexPath(folder)} has layout ${row.version}; this Sluice reads layout ${indexVersion}`,
    )
  let state: ChannelState
  let rebuild = row === undefined && files.length > 0
  if (row === undefined)
    state = new ChannelState(rebuild ? channelIdOf(folder, files) : randomBytes(16).toString('hex'))
  else {
    state = new ChannelState(row.id)
    index.load(state, row)
    if (!balanced(state) || state.settled.count() !== row.settled_above) {
      report.rebuilt = 'the counters of the index do not add up'
      rebuild = true
      index.clear()
      state = new ChannelState(row.id)
    }
  }
  if (rebuild) report.rebuilt ??= 'the index is missing'
  new Recovery(folder, state, index, report, now, rebuild).run(files)
  state.changes.counters = true
  index.write(state)
  if (rebuild || report.lostEvents > 0 || report.reindexedBlocks > 0) state.bytes = index.queuedBytes(state.low)
  return { state, index, report }
}

function balanced(state: ChannelState): boolean {
  let settled = state.delivered + state.quarantined + state.lost
  for (const events of state.dropped.values()) settled += events
  return state.low <= state.nextEvent && settled === state.low + state.settled.count()
}

function openIndex(folder: string, now: number, report: OpenReport): IndexDatabase {
  const file = indexPath(folder)
  try {
    const index = new IndexDatabase(file)
    try {
      if (fs.statSync(file).size > checkedIndexSize || index.sound()) return index
    } catch (error) {
      index.close()
      throw error
    }
    index.close()
    report.rebuilt = 'the index fails its check'
    return replaceIndex(folder, now)
  } catch (error) {
    if (!isCorruption(error)) throw error
    report.rebuilt = String(error)
    return replaceIndex(folder, now)
  }
}

/** The channel's id as the head of any of its segments says. */
function channelIdOf(folder: string, files: readonly number[]): string {
  let salt: Buffer | undefined
  for (const id of files) {
    const descriptor = fs.openSync(segmentPath(folder, id), 'r')
    try {
      for (const item of scanFrames(descriptor, 0, fs.fstatSync(descriptor).size, {
        salt: undefined,
        payloads: false,
      })) {
        if (item.found !== 'frame') continue
        if (item.header.kind === 'state') return (decodeMeta(item.meta) as StateMeta).channel
        const head = Buffer.alloc(80)
        fs.readSync(descriptor, head, 0, 80, item.at)
        salt = saltAt(head, 0)
        break
      }
    } finally {
      fs.closeSync(descriptor)
    }
  }
  // No head is left: the salt must stay what the frames say; the rest of the id is new, so no tier above knows it.
  return (salt ?? randomBytes(8)).toString('hex') + randomBytes(8).toString('hex')
}

class Recovery {
  readonly #folder: string
  readonly #state: ChannelState
  readonly #index: IndexDatabase
  readonly #report: OpenReport
  readonly #now: number
  readonly #rebuild: boolean
  /** A segment's head knows of more settled events than the index. */
  #behind = false
  readonly #gaps: [first: number, next: number, reason: string][] = []

  constructor(
    folder: string,
    state: ChannelState,
    index: IndexDatabase,
    report: OpenReport,
    now: number,
    rebuild: boolean,
  ) {
    this.#folder = folder
    this.#state = state
    this.#index = index
    this.#report = report
    this.#now = now
    this.#rebuild = rebuild
  }

  run(found: readonly number[]): void {
    const state = this.#state
    const files = found.filter((id) => {
      if (id > state.droppedSegment) return true
      fs.unlinkSync(segmentPath(this.#folder, id))
      return false
    })
    const known = new Map(state.segments.map((segment) => [segment.id, segment]))
    const present = new Set(files)
    const missing = state.segments.filter((segment) => !present.has(segment.id))
    const last = files.at(-1)
    const segments: Segment[] = []
    if (this.#rebuild) state.low = 0
    for (const id of files) {
      const segment = known.get(id)
      const kept = this.#segment(id, segment, id === last)
      if (kept !== undefined) segments.push(kept)
    }
    state.segments = segments
    for (const segment of missing) {
      state.changes.segments.delete(segment)
      state.changes.removedSegments.push(segment.id)
      this.#gaps.push([segment.firstEvent, segment.nextEvent, `segment ${segment.id} is missing`])
    }
    const oldest = segments[0]
    if ((this.#rebuild || this.#behind) && oldest !== undefined && oldest.firstEvent > state.low)
      // Segments go oldest first, and only when all in them is settled: the index of then knew.
      state.settle(this.#row(state.low, oldest.firstEvent, 'delivered', 'before the oldest segment'), 0)
    if (this.#rebuild && oldest !== undefined) state.droppedSegment = oldest.id - 1
    for (const [first, next, reason] of this.#gaps)
      this.#report.lostEvents += state.settle(this.#row(first, next, 'lost', reason), 0)
  }

  #row(first: number, next: number, kind: 'lost' | 'delivered', reason: string) {
    return { first, next, kind, reason, at: this.#now }
  }

  /** Takes in one segment file; returns undefined when there was nothing in it and it is gone. */
  #segment(id: number, known: Segment | undefined, last: boolean): Segment | undefined {
    const file = segmentPath(this.#folder, id)
    const size = fs.statSync(file).size
    if (known !== undefined && size < known.length) return this.#shortened(known, size)
    if (known?.sealed === true) return known
    const segment: Segment = known ?? {
      id,
      firstEvent: this.#state.nextEvent,
      nextEvent: this.#state.nextEvent,
      length: 0,
      sealed: false,
    }
    if (size > segment.length || known === undefined) {
      const found = this.#readTail(segment, file, size, last)
      if (found === 'nothing') fs.unlinkSync(file)
      else if (found === 'foreign') this.#putAside(file, size)
      if (found !== 'frames') return undefined
    }
    if (!last) segment.sealed = true
    this.#state.changes.segments.add(segment)
    return segment
  }

  /** A copy of another segment: what it holds is known from there, and its books are those of another time. */
  #putAside(file: string, size: number): void {
    const folder = path.join(this.#folder, 'damaged')
    fs.mkdirSync(folder, { recursive: true })
    fs.renameSync(file, path.join(folder, `${path.basename(file)}-foreign`))
    this.#report.damagedBytes += size
  }

  /** Reads what lies behind `segment.length`. */
  #readTail(segment: Segment, file: string, size: number, last: boolean): 'frames' | 'nothing' | 'foreign' {
    const state = this.#state
    const descriptor = fs.openSync(file, 'r+')
    try {
      const items = [
        ...scanFrames(descriptor, segment.length, size, {
          salt: saltOf(state.channel),
          payloads: !this.#rebuild || last,
        }),
      ]
      const [head] = items
      if (segment.length === 0 && head?.found === 'frame' && head.header.kind === 'state') {
        const of = (decodeMeta(head.meta) as StateMeta).segment
        if (of !== undefined && of !== segment.id) return 'foreign'
      }
      const cut = last || !this.#rebuild ? unfinished(items) : undefined
      const good = cut === undefined ? items : items.filter((item) => item.at < cut)
      let first = segment.length === 0
      for (const item of good) {
        if (item.found === 'damage') {
          if (!item.tail) this.#report.damagedBytes += item.end - item.at
          continue
        }
        if (first) {
          first = false
          ;(segment as { firstEvent: number }).firstEvent = item.header.firstEvent
          segment.nextEvent = item.header.firstEvent
        }
        this.#frame(segment, item)
        segment.length = item.end
      }
      if (segment.length === 0) return 'nothing'
      if (segment.length < size) {
        this.#report.truncatedBytes += size - segment.length
        fs.ftruncateSync(descriptor, segment.length)
        fs.fsyncSync(descriptor)
      }
      return 'frames'
    } finally {
      fs.closeSync(descriptor)
    }
  }

  #frame(segment: Segment, item: Extract<Scanned, { found: 'frame' }>): void {
    const state = this.#state
    const { header } = item
    if (header.kind !== 'events') {
      // Only at the head of a segment does a state say anything.
      if (header.kind === 'state' && item.at === 0) this.#head(decodeMeta(item.meta) as StateMeta)
      return
    }
    const row: BlockRow = {
      firstEvent: header.firstEvent,
      count: header.count,
      block: header.block,
      segment: segment.id,
      offset: item.at,
      size: item.end - item.at,
      rawLength: header.rawLength,
      at: header.at,
    }
    if (header.firstEvent < state.nextEvent) {
      // Known already, or of a segment that was indexed twice: only its place is news.
      if (header.count > 0) state.changes.blocks.push(row)
      segment.nextEvent = Math.max(segment.nextEvent, header.firstEvent + header.count)
      return
    }
    if (header.firstEvent > state.nextEvent)
      this.#gaps.push([
        state.nextEvent,
        header.firstEvent,
        `frames before byte ${item.at} of segment ${segment.id} are gone`,
      ])
    state.append(row, segment)
    this.#report.reindexedBlocks++
    const meta = decodeMeta(item.meta) as EventsMeta
    if (meta.position !== undefined) state.setPosition(meta.position)
    const identity = meta.identity ?? meta.scattered
    if (identity !== undefined) {
      state.identities.store(identity, header.count)
      state.changes.identities.add(identity.sender)
    }
  }

  #head(meta: StateMeta): void {
    const state = this.#state
    if (meta.nextEvent > state.nextEvent && !(this.#rebuild && state.nextEvent === 0))
      this.#gaps.push([state.nextEvent, meta.nextEvent, 'events before a segment are gone'])
    if (meta.nextEvent < state.nextEvent) {
      // What was written behind the end of the segment before was refused: those numbers were given anew.
      const { blocks } = state.changes
      const kept = blocks.filter((row) => row.firstEvent < meta.nextEvent)
      blocks.length = 0
      blocks.push(...kept)
    } else if (meta.low < state.low) {
      state.nextBlock = Math.max(state.nextBlock, meta.nextBlock)
      state.nextEvent = meta.nextEvent
      return
    }
    if (meta.low < state.low) return
    this.#behind ||= meta.low > state.low
    state.adopt(meta)
    for (const key of state.positions.keys()) state.changes.positions.add(key)
    for (const sender of state.identities.senders()) state.changes.identities.add(sender)
    for (const [first, next] of meta.settled)
      state.changes.settled.push({ first, next, kind: 'delivered', reason: '', at: this.#now })
    state.changes.counters = true
  }

  /** A file that ends before what the index saw durable: the disk lied, or somebody cut it. */
  #shortened(segment: Segment, size: number): Segment {
    const blocks = this.#index.blocksOf(segment.id)
    const cut = blocks.find((block) => block.offset + block.size > size)
    if (cut !== undefined)
      this.#gaps.push([
        cut.firstEvent,
        segment.nextEvent,
        `segment ${segment.id} ends at byte ${size} of ${segment.length}`,
      ])
    const good = blocks.filter((block) => block.offset + block.size <= size).at(-1)
    segment.length = cut?.offset ?? (good === undefined ? 0 : good.offset + good.size)
    if (segment.length > size) segment.length = good === undefined ? 0 : good.offset + good.size
    segment.sealed = true
    this.#state.changes.segments.add(segment)
    return segment
  }
}

/**
 * Where a group begins that never became durable as a whole, so that nobody was told it had: all behind the damage
 * must be of the same group, for a group is synced before the next one is written. Undefined when there is none.
 */
function unfinished(items: readonly Scanned[]): number | undefined {
  const damage = items.find((item) => item.found === 'damage')
  if (damage === undefined) return undefined
  const same = items.every(
    (item) => item.at <= damage.at || item.found === 'damage' || item.at - item.header.groupBack <= damage.at,
  )
  return same ? damage.at : undefined
}
