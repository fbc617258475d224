import Database from 'better-sqlite3'
import type { BlockRow, ChannelState, Segment, SettledRow, SettleKind } from './channel-state.ts'
import { EventRanges } from '../event-ranges.ts'
import { check, checkSchema, indexSchema, indexVersion, summed } from './index-schema.ts'
import { openDatabase } from '../../open-database.ts'
import type { SenderRecord } from '../sender-identities.ts'

interface ChannelRow {
  version: number
  id: string
  next_block: number
  next_event: number
  low_event: number
  settled_above: number
  delivered: number
  quarantined: number
  lost: number
  repeated: number
  bytes: number
  dropped_segment: number
  crc: number
}

interface SettledRecord {
  first_event: number
  next_event: number
  kind: SettleKind
  reason: string
  at: number
  crc: number
}

interface SegmentRecord {
  id: number
  first_event: number
  next_event: number
  length: number
  sealed: number
  crc: number
}

interface BlockRecord {
  first_event: number
  events: number
  block: number
  segment: number
  offset: number
  size: number
  raw_length: number
  at: number
}

function blockRow(record: BlockRecord): BlockRow {
  return {
    firstEvent: record.first_event,
    count: record.events,
    block: record.block,
    segment: record.segment,
    offset: record.offset,
    size: record.size,
    rawLength: record.raw_length,
    at: record.at,
  }
}

/**
 * `index.db`: where every block lies, what is settled, positions, identities and counters. Only the channel's worker
 * writes it. It trails the segments and can be made again from them, so its commits are not synced one by one
 * (`synchronous=NORMAL`, set explicitly: better-sqlite3's own default for WAL syncs nothing and does not say so).
 */
export class IndexDatabase {
  readonly #database: Database.Database
  readonly #statements
  /** True when a commit may not have reached the disk yet. */
  unsynced = false

  /** `readOnly`: to look at the index of a folder that may be in use; nothing is made or changed. */
  constructor(file: string, readOnly = false) {
    this.#database = openDatabase(file, { timeout: 5000, readonly: readOnly })
    const database = this.#database
    try {
      if (!readOnly) {
        database.pragma('page_size=4096')
        database.pragma('journal_mode=WAL')
        database.pragma('synchronous=NORMAL')
        database.pragma('wal_autocheckpoint=1000')
        checkSchema(database)
        database.exec(`begin immediate;${indexSchema}commit`)
      }
      database.pragma('temp_store=MEMORY')
      this.#statements = prepare(database)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** What the index knows, or undefined when it was just made. */
  channel(): ChannelRow | undefined {
    return this.#statements.readChannel.get()
  }

  /** Fills a state from the index. */
  load(state: ChannelState, row: ChannelRow): void {
    const database = this.#database
    const { version, id, crc } = row
    check('channel', crc, [version, id, ...channelNumbers(row)])
    state.nextBlock = row.next_block
    state.nextEvent = row.next_event
    state.low = row.low_event
    state.delivered = row.delivered
    state.quarantined = row.quarantined
    state.lost = row.lost
    state.repeated = row.repeated
    state.bytes = row.bytes
    state.droppedSegment = row.dropped_segment
    state.dropped = new Map(
      database
        .prepare<[], { reason: string; events: number; crc: number }>('select * from dropped')
        .all()
        .map(({ reason, events, crc: sum }) => {
          check('dropped', sum, [reason, events])
          return [reason, events]
        }),
    )
    state.settled = EventRanges.of(
      this.settledRows().map(({ first, next }): [number, number] => [Math.max(first, row.low_event), next]),
    )
    for (const { key, offset, state: text, crc: sum } of database
      .prepare<[], { key: string; offset: number; state: string; crc: number }>('select * from position')
      .all()) {
      check('position', sum, [key, offset, text])
      state.positions.set(key, { key, offset, state: text })
    }
    for (const { sender, floor, seen, crc: sum } of database
      .prepare<[], { sender: string; floor: number; seen: string; crc: number }>('select * from identity')
      .all()) {
      check('identity', sum, [sender, floor, seen])
      state.identities.restore(sender, { floor, seen: JSON.parse(seen) as SenderRecord['seen'] })
    }
    state.segments = database
      .prepare<[], SegmentRecord>('select * from segment order by id')
      .all()
      .map(({ id: number, first_event: first, next_event: next, length, sealed, crc: sum }) => {
        check('segment', sum, [number, first, next, length, sealed])
        return { id: number, firstEvent: first, nextEvent: next, length, sealed: sealed === 1 }
      })
  }

  /** Writes what changed in one transaction; `full` makes this commit and all before it survive a power cut. */
  write(state: ChannelState, full = false): void {
    const { changes } = state
    if (!changes.any && !(full && this.unsynced)) return
    const run = this.#statements
    if (full) this.#database.pragma('synchronous=FULL')
    try {
      run.begin.run()
      try {
        this.#writeChanges(state)
        run.commit.run()
      } catch (error) {
        if (this.#database.inTransaction) run.rollback.run()
        throw error
      }
    } finally {
      if (full) this.#database.pragma('synchronous=NORMAL')
    }
    changes.clear()
    this.unsynced = !full
  }

  #writeChanges(state: ChannelState): void {
    const { changes } = state
    const run = this.#statements
    for (const block of changes.blocks)
      if (block.firstEvent + block.count > state.low)
        run.block.run(
          block.firstEvent,
          block.count,
          block.block,
          block.segment,
          block.offset,
          block.size,
          block.rawLength,
          block.at,
        )
    run.dropBlocks.run(state.low, state.low)
    for (const [first, next] of changes.restored) run.restore.run(first, next)
    for (const row of changes.settled) this.#settled(row)
    run.dropSettled.run(state.low)
    for (const row of changes.losses) run.loss.run(row.first, row.next, row.reason, row.at)
    for (const key of changes.positions) {
      const position = state.positions.get(key)
      if (position === undefined) run.forget.run(key)
      else run.position.run(...summed([key, position.offset, position.state]))
    }
    for (const sender of changes.identities) {
      const record = state.identities.record(sender)
      if (record === undefined) run.forgetIdentity.run(sender)
      else run.identity.run(...summed([sender, record.floor, JSON.stringify(record.seen)]))
    }
    for (const segment of changes.segments) this.#segment(segment)
    for (const id of changes.removedSegments) run.removeSegment.run(id)
    for (const [reason, events] of state.dropped) run.dropped.run(...summed([reason, events]))
    run.channel.run(
      ...summed([
        ...[indexVersion, state.channel, state.nextBlock, state.nextEvent, state.low, state.settled.count()],
        ...[state.delivered, state.quarantined, state.lost, state.repeated, state.bytes, state.droppedSegment],
      ]),
    )
  }

  #settled(row: SettledRow): void {
    this.#statements.settled.run(...summed([row.first, row.next, row.kind, row.reason, row.at]))
  }

  #segment(segment: Segment): void {
    const { id, firstEvent, nextEvent, length, sealed } = segment
    this.#statements.segment.run(...summed([id, firstEvent, nextEvent, length, sealed ? 1 : 0]))
  }

  /** The block that holds `event`, or the first one behind it. */
  blockAt(event: number): BlockRow | undefined {
    const record = this.#statements.blockAt.get(event) as BlockRecord | undefined
    if (record !== undefined && record.first_event + record.events > event) return blockRow(record)
    const next = this.#statements.blockAfter.get(event) as BlockRecord | undefined
    return next === undefined ? undefined : blockRow(next)
  }

  /** Avro bytes of the blocks that hold events at or above `low`. */
  queuedBytes(low: number): number {
    return (
      this.#database
        .prepare<[number], { sum: number | null }>(
          'select sum(raw_length) as sum from block where first_event + events > ?',
        )
        .get(low)?.sum ?? 0
    )
  }

  /** Blocks of one segment in order. */
  blocksOf(segment: number): BlockRow[] {
    return this.#database
      .prepare<[number], BlockRecord>('select * from block where segment = ? order by first_event')
      .all(segment)
      .map(blockRow)
  }

  /** Up to `limit` blocks from the one with `event` on, or from it backwards. */
  blocksFrom(event: number, backward: boolean, limit: number): BlockRow[] {
    const first = this.blockAt(event)?.firstEvent ?? Number.MAX_SAFE_INTEGER
    const { blocksBack, blocksOn } = this.#statements
    return (backward ? blocksBack : blocksOn).all(first, limit).map(blockRow)
  }

  /** The first event of the first block that came in at `at` (milliseconds since the epoch) or later. */
  eventAt(at: number): number | undefined {
    return (
      this.#database
        .prepare<[number], { first: number | null }>('select min(first_event) as first from block where at >= ?')
        .get(at)?.first ?? undefined
    )
  }

  /** What was found lost, and when. */
  losses(): { first: number; next: number; reason: string; at: number }[] {
    return this.#database
      .prepare<[], { first: number; next: number; reason: string; at: number }>(
        'select first_event as first, next_event as next, reason, at from loss order by first_event',
      )
      .all()
  }

  /** Runs `read` on one state of the index, whatever is written meanwhile. Keep it short. */
  atOnce<T>(read: () => T): T {
    this.#database.exec('begin')
    try {
      return read()
    } finally {
      this.#database.exec('commit')
    }
  }

  /** Marks by kind, for the ledger: who settled what above the low-water mark. */
  settledRows(): SettledRow[] {
    return this.#statements.readSettled.all().map(({ first_event: first, next_event: next, kind, reason, at, crc }) => {
      check('settled', crc, [first, next, kind, reason, at])
      return { first, next, kind, reason, at }
    })
  }

  /** Empties every table, to be filled again from the segments. */
  clear(): void {
    for (const table of ['channel', 'dropped', 'segment', 'block', 'settled', 'position', 'identity'])
      this.#database.exec(`delete from ${table}`)
  }

  /** True when SQLite finds its own structure sound. */
  sound(): boolean {
    return this.#database.pragma('quick_check(1)', { simple: true }) === 'ok'
  }

  close(): void {
    this.#database.close()
  }
}

function prepare(database: Database.Database) {
  return {
    begin: database.prepare('begin immediate'),
    commit: database.prepare('commit'),
    rollback: database.prepare('rollback'),
    block: database.prepare('insert or replace into block values(?, ?, ?, ?, ?, ?, ?, ?)'),
    dropBlocks: database.prepare('delete from block where first_event < ? and first_event + events <= ?'),
    settled: database.prepare('insert or replace into settled values(?, ?, ?, ?, ?, ?)'),
    restore: database.prepare(`delete from settled where first_event = ? and next_event = ?`),
    dropSettled: database.prepare('delete from settled where next_event <= ?'),
    loss: database.prepare('insert into loss values(?, ?, ?, ?)'),
    position: database.prepare('insert or replace into position values(?, ?, ?, ?)'),
    forget: database.prepare('delete from position where key = ?'),
    identity: database.prepare('insert or replace into identity values(?, ?, ?, ?)'),
    forgetIdentity: database.prepare('delete from identity where sender = ?'),
    segment: database.prepare('insert or replace into segment values(?, ?, ?, ?, ?, ?)'),
    removeSegment: database.prepare('delete from segment where id = ?'),
    dropped: database.prepare('insert or replace into dropped values(?, ?, ?)'),
    channel: database.prepare('insert or replace into channel values(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    blockAt: database.prepare('select * from block where first_event <= ? order by first_event desc limit 1'),
    // What a reader asks for again and again: compiling them took longer than running them.
    readChannel: database.prepare<[], ChannelRow>('select * from channel'),
    readSettled: database.prepare<[], SettledRecord>('select * from settled order by first_event'),
    blocksOn: database.prepare<[number, number], BlockRecord>(
      'select * from block where first_event >= ? order by first_event limit ?',
    ),
    blocksBack: database.prepare<[number, number], BlockRecord>(
      'select * from block where first_event <= ? order by first_event desc limit ?',
    ),
    blockAfter: database.prepare('select * from block where first_event > ? order by first_event limit 1'),
  }
}

function channelNumbers(row: ChannelRow): number[] {
  return [
    ...[row.next_block, row.next_event, row.low_event, row.settled_above, row.delivered, row.quarantined],
    ...[row.lost, row.repeated, row.bytes, row.dropped_segment],
  ]
}

/** True when SQLite says that the file itself is damaged, as against busy, full or unreadable for now. */
export function isCorruption(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(error.code)
}

/** True when SQLite could not write for want of room. */
export function isIndexFull(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_FULL'
}
