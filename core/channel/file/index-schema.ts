import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'

/** Layout of `index.db`; a folder with another number is refused, never guessed at. */
export const indexVersion = 1

export const indexSchema = `
create table if not exists channel(
  one integer primary key check(one = 1), version integer not null, id text not null,
  next_block integer not null, next_event integer not null, low_event integer not null, settled_above integer not null,
  delivered integer not null, quarantined integer not null, lost integer not null, repeated integer not null,
  bytes integer not null, dropped_segment integer not null, crc integer not null);
create table if not exists dropped(reason text primary key, events integer not null, crc integer not null) without rowid;
create table if not exists segment(
  id integer primary key, first_event integer not null, next_event integer not null, length integer not null,
  sealed integer not null, crc integer not null);
create table if not exists block(
  first_event integer primary key, events integer not null, block integer not null, segment integer not null,
  offset integer not null, size integer not null, raw_length integer not null, at real not null);
create index if not exists block_at on block(at);
create table if not exists settled(
  first_event integer not null, next_event integer not null, kind text not null, reason text not null, at real not null,
  crc integer not null, primary key(first_event, next_event)) without rowid;
create table if not exists loss(
  first_event integer not null, next_event integer not null, reason text not null, at real not null);
create table if not exists position(
  key text primary key, offset integer not null, state text not null, crc integer not null) without rowid;
create table if not exists identity(
  sender text primary key, floor integer not null, seen text not null, crc integer not null) without rowid;
`

type Value = string | number

/** The values of a row and behind them their checksum: SQLite has none of its own, and a flipped bit in a number goes unseen. */
export function summed(values: readonly Value[]): Value[] {
  return [...values, crc32(values.join('\n'))]
}

/** Throws as SQLite does for a damaged file when `crc` is not that of `values`. */
export function check(table: string, crc: number, values: readonly Value[]): void {
  if (crc32(values.join('\n')) !== crc) throw damaged(`a row of table ${table} is not what was written`)
}

/** A flipped bit in the schema makes a table vanish, and an empty one in its place would say that nothing is stored. */
export function checkSchema(database: Database.Database): void {
  const definitions = (from: Database.Database) =>
    from
      .prepare<[], { sql: string }>('select sql from sqlite_schema where sql is not null order by name')
      .all()
      .map(({ sql }) => sql)
      .join('\n')
  const found = definitions(database)
  if (found === '') return
  const fresh = new Database(':memory:')
  try {
    fresh.exec(indexSchema)
    if (found !== definitions(fresh) && versionOf(database) === indexVersion)
      throw damaged('its tables are not those that were made')
  } finally {
    fresh.close()
  }
}

/** The version that the index says it has; this one where it cannot be read any more. */
function versionOf(database: Database.Database): number {
  try {
    return database.prepare<[], { version: number }>('select version from channel').get()?.version ?? indexVersion
  } catch {
    return indexVersion
  }
}

function damaged(what: string): Error {
  return new Database.SqliteError(`the index is damaged: ${what}`, 'SQLITE_CORRUPT')
}
