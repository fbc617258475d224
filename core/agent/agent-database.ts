import Database from 'better-sqlite3'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { errorText } from '../errors.ts'
import { openDatabase } from '../open-database.ts'
import { type FlowMark, markKinds } from './flow-marks.ts'

/** Rows of one event list are kept up to this number; acknowledged ones go first. */
const mostEvents = 5_000
const mostMarks = 20_000

const schema = `
create table if not exists command(component text primary key, value text not null) without rowid;
create table if not exists event(
  id integer primary key autoincrement, first_at real not null, last_at real not null, count integer not null,
  component text not null, code text not null, message text not null, acknowledged integer not null);
create index if not exists event_open on event(acknowledged, component, code);
create table if not exists mark(
  id integer primary key, kind text not null, component text not null, code text not null, text text not null,
  from_at real not null, to_at real);
create index if not exists mark_time on mark(from_at);
create table if not exists series(id integer primary key, name text not null unique, last_at real not null);
create table if not exists history(
  series integer not null, width integer not null, slot integer not null, bucket integer not null,
  min real not null, max real not null, last real not null, primary key(series, width, slot)) without rowid;
`

/** Something that happened, for the operator. Equal ones in a row are one, counted. */
export interface OperatorEvent {
  readonly id: number
  /** Epoch milliseconds of the first and the last time. */
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  readonly component: string
  readonly code: string
  readonly message: string
  readonly acknowledged: boolean
}

/** Which events: all that is given must hold. */
export interface EventQuery {
  readonly limit: number
  /** Older than the event of this id. */
  readonly before?: number | undefined
  /** The acknowledged ones too. */
  readonly acknowledged: boolean
  readonly component?: string | undefined
  readonly code?: string | undefined
  /** A part of the message, the component or the code, without regard to case. */
  readonly text?: string | undefined
}

/** The events of one component with one code. */
export interface EventKind {
  readonly component: string
  readonly code: string
  readonly events: number
  readonly open: number
}

/** One bucket of a history ring as stored. */
export interface HistoryRow {
  /** Milliseconds of one bucket. */
  readonly width: number
  readonly slot: number
  /** Time of the bucket divided by `width`. */
  readonly bucket: number
  readonly min: number
  readonly max: number
  readonly last: number
}

interface MarkRow {
  id: number
  kind: string
  component: string
  code: string
  text: string
  from_at: number
  to_at: number | null
}

interface EventRow {
  id: number
  first_at: number
  last_at: number
  count: number
  component: string
  code: string
  message: string
  acknowledged: number
}

/**
 * `agent.db` in the agent's folder: what the operator commanded, what he should know of, and the history of the
 * charts. Nothing that is queued depends on it, so its commits are not synced one by one (`synchronous=NORMAL`, said
 * explicitly: better-sqlite3's own default for WAL syncs nothing).
 */
export class AgentDatabase {
  readonly #database: Database.Database
  readonly #statements

  /** `file`: a path, or `:memory:` for nothing that lasts. */
  constructor(file: string) {
    this.#database = openDatabase(file, { timeout: 5_000 })
    try {
      // A page that is met as damaged hours later would end every round of charts, alarms and drains half way.
      const verdict = this.#database.pragma('quick_check(1)', { simple: true })
      if (verdict !== 'ok') throw new Database.SqliteError(String(verdict), 'SQLITE_CORRUPT')
      this.#database.pragma('journal_mode=WAL')
      this.#database.pragma('synchronous=NORMAL')
      this.#database.exec(schema)
      this.#statements = prepare(this.#database)
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  /** Every stored command: component (`source r1`) to its JSON. */
  commands(): Map<string, string> {
    return new Map(this.#statements.commands.all().map(({ component, value }) => [component, value]))
  }

  setCommand(component: string, value: string | undefined): void {
    if (value === undefined) this.#statements.removeCommand.run(component)
    else this.#statements.setCommand.run(component, value)
  }

  /**
   * Stores an event, or counts it where the component's latest open one with this code says the same. What needs
   * nobody's attention (the operator's own acts, a recovery) is born `acknowledged`.
   */
  addEvent(at: number, component: string, code: string, message: string, acknowledged = false): OperatorEvent {
    const latest = this.#statements.latestEvent.get(component, code)
    if (!acknowledged && latest?.message === message) {
      this.#statements.repeatEvent.run(at, latest.id)
      return operatorEvent({ ...latest, last_at: at, count: latest.count + 1 })
    }
    const { lastInsertRowid } = this.#statements.addEvent.run(at, at, component, code, message, acknowledged ? 1 : 0)
    const id = Number(lastInsertRowid)
    if (id % 100 === 0) this.#statements.trimEvents.run(mostEvents)
    return { id, firstAt: at, lastAt: at, count: 1, component, code, message, acknowledged }
  }

  /** The newest events first. */
  events({ limit, before, acknowledged, component, code, text }: EventQuery): OperatorEvent[] {
    const found = this.#statements.events.all({
      ...{ limit, acknowledged: acknowledged ? 1 : 0, before: before ?? Number.MAX_SAFE_INTEGER },
      ...{ component: component ?? null, code: code ?? null, text: text ?? '' },
    })
    return found.map(operatorEvent)
  }

  eventKinds(): EventKind[] {
    return this.#statements.eventKinds.all()
  }

  unacknowledged(): number {
    return this.#statements.unacknowledged.get()?.count ?? 0
  }

  /** Acknowledges these events, or all up to now; returns how many were open. */
  acknowledge(ids: readonly number[] | 'all'): number {
    if (ids === 'all') return this.#statements.acknowledgeAll.run().changes
    return this.#database.transaction(() => {
      let changes = 0
      for (const id of ids) changes += this.#statements.acknowledge.run(id).changes
      return changes
    })()
  }

  addMark({ kind, component, code, text, from, to }: Omit<FlowMark, 'id'>): number {
    return Number(this.#statements.addMark.run(kind, component, code, text.slice(0, 2_000), from, to).lastInsertRowid)
  }

  endMark(id: number, to: number): void {
    this.#statements.endMark.run(to, id)
  }

  /** Ends marks that a process has left open when it was last heard of, and returns that time. */
  endOpenMarks(): number | undefined {
    const heard = this.#statements.lastHeard.get()?.at ?? undefined
    this.#statements.endOpenMarks.run(heard ?? 0)
    return heard
  }

  /** Those of a span of time, the oldest first; of too many the newest. */
  marks(from: number, to: number, limit: number): FlowMark[] {
    const rows = this.#statements.marks.all(to, from, limit).reverse()
    return rows.flatMap(({ from_at, to_at, kind, ...row }) => {
      const known = markKinds.find((one) => one === kind)
      return known === undefined ? [] : { ...row, kind: known, from: from_at, to: to_at }
    })
  }

  forgetMarks(before: number): void {
    this.#statements.forgetMarks.run(before, mostMarks)
  }

  /** Stores changed buckets of many series in one transaction. */
  saveHistory(at: number, changed: ReadonlyMap<string, readonly HistoryRow[]>): void {
    this.#database.transaction(() => {
      for (const [name, rows] of changed) {
        const series = this.#statements.series.get(name, at)?.id
        if (series === undefined) continue
        for (const { width, slot, bucket, min, max, last } of rows)
          this.#statements.saveBucket.run(series, width, slot, bucket, min, max, last)
      }
    })()
  }

  history(series: string): HistoryRow[] {
    return this.#statements.history.all(series)
  }

  /** Forgets series that were not sampled since `before`. */
  forgetHistory(before: number): void {
    this.#database.transaction(() => {
      this.#statements.forgetBuckets.run(before)
      this.#statements.forgetSeries.run(before)
    })()
  }
}

/**
 * Opens `agent.db` of a folder. A damaged one is set aside and a new one begun; where none can be kept (a full disk)
 * the agent works without memory. `tell` hears of both: neither is a reason not to relay.
 */
export function openAgentDatabase(folder: string, now: number, tell: (message: string) => void): AgentDatabase {
  const file = join(folder, 'agent.db')
  try {
    return new AgentDatabase(file)
  } catch (error) {
    const damaged =
      error instanceof Database.SqliteError &&
      (error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT'))
    if (damaged) {
      const aside = `${file}.damaged-${now}`
      for (const suffix of ['', '-wal', '-shm'])
        if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
      tell(`agent.db was damaged (${errorText(error)}): commands, events and history begin anew; the old is ${aside}`)
      return new AgentDatabase(file)
    }
    tell(`agent.db cannot be opened (${errorText(error)}): commands, events and history last as long as this process`)
    return new AgentDatabase(':memory:')
  }
}

function prepare(database: Database.Database) {
  return {
    commands: database.prepare<[], { component: string; value: string }>('select component, value from command'),
    setCommand: database.prepare<[string, string]>('replace into command(component, value) values(?, ?)'),
    removeCommand: database.prepare<[string]>('delete from command where component = ?'),
    latestEvent: database.prepare<[string, string], EventRow>(
      'select * from event where acknowledged = 0 and component = ? and code = ? order by id desc limit 1',
    ),
    repeatEvent: database.prepare<[number, number]>('update event set last_at = ?, count = count + 1 where id = ?'),
    addEvent: database.prepare<[number, number, string, string, string, number]>(
      'insert into event(first_at, last_at, count, component, code, message, acknowledged) values(?, ?, 1, ?, ?, ?, ?)',
    ),
    trimEvents: database.prepare<[number]>(
      'delete from event where id in (select id from event order by acknowledged, id desc limit -1 offset ?)',
    ),
    events: database.prepare<[Record<string, number | string | null>], EventRow>(
      `select * from event where id < @before and acknowledged <= @acknowledged
         and (@component is null or component = @component) and (@code is null or code = @code)
         and (@text = '' or instr(lower(component || ' ' || code || ' ' || message), lower(@text)) > 0)
       order by id desc limit @limit`,
    ),
    eventKinds: database.prepare<[], EventKind>(
      `select component, code, count(*) events, sum(acknowledged = 0) open from event
       group by component, code order by component, code`,
    ),
    unacknowledged: database.prepare<[], { count: number }>('select count(*) count from event where acknowledged = 0'),
    acknowledge: database.prepare<[number]>('update event set acknowledged = 1 where id = ? and acknowledged = 0'),
    acknowledgeAll: database.prepare<[]>('update event set acknowledged = 1 where acknowledged = 0'),
    addMark: database.prepare<[string, string, string, string, number, number | null]>(
      'insert into mark(kind, component, code, text, from_at, to_at) values(?, ?, ?, ?, ?, ?)',
    ),
    endMark: database.prepare<[number, number]>('update mark set to_at = max(from_at, ?) where id = ?'),
    // History is stored every few seconds as long as the agent lives.
    lastHeard: database.prepare<[], { at: number | null }>(
      'select max(at) at from (select max(last_at) at from series union all select max(to_at) from mark)',
    ),
    endOpenMarks: database.prepare<[number]>('update mark set to_at = max(from_at, ?) where to_at is null'),
    marks: database.prepare<[number, number, number], MarkRow>(
      'select * from mark where from_at <= ? and ifnull(to_at, 1e300) >= ? order by from_at desc, id desc limit ?',
    ),
    forgetMarks: database.prepare<[number, number]>(
      'delete from mark where to_at < ? or id <= (select max(id) from mark) - ?',
    ),
    series: database.prepare<[string, number], { id: number }>(
      'insert into series(name, last_at) values(?, ?) on conflict(name) do update set last_at = excluded.last_at returning id',
    ),
    saveBucket: database.prepare<[number, number, number, number, number, number, number]>(
      // A bucket that began before a restart keeps what it saw then.
      `insert into history(series, width, slot, bucket, min, max, last) values(?, ?, ?, ?, ?, ?, ?)
       on conflict do update set bucket = excluded.bucket, last = excluded.last,
         min = case when bucket = excluded.bucket then min(min, excluded.min) else excluded.min end,
         max = case when bucket = excluded.bucket then max(max, excluded.max) else excluded.max end`,
    ),
    history: database.prepare<[string], HistoryRow>(
      'select width, slot, bucket, min, max, last from history where series = (select id from series where name = ?)',
    ),
    forgetBuckets: database.prepare<[number]>(
      'delete from history where series in (select id from series where last_at < ?)',
    ),
    forgetSeries: database.prepare<[number]>('delete from series where last_at < ?'),
  }
}

function operatorEvent(row: EventRow): OperatorEvent {
  return {
    id: row.id,
    firstAt: row.first_at,
    lastAt: row.last_at,
    count: row.count,
    component: row.component,
    code: row.code,
    message: row.message,
    acknowledged: row.acknowledged === 1,
  }
}
