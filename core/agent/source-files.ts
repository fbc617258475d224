import type { WatchedFile } from '../source/source.ts'

/** A watched file as the operator sees it. All times are epoch milliseconds; null: nobody knows, or it does not apply. */
export interface FileStatus {
  readonly path: string
  readonly size: number
  readonly position: number
  readonly lag: number | null
  readonly behindSince: number | null
  readonly note: string
  readonly skipped: boolean
  readonly readAt: number | null
}

export interface FileTotals {
  readonly files: number
  /** Of them: with bytes that wait, with a note, not read at all. */
  readonly behind: number
  readonly noted: number
  readonly skipped: number
  readonly size: number
  readonly lag: number
}

export interface FileQuery {
  /** A part of the path, without regard to case. */
  readonly filter: string
  readonly only: 'all' | 'behind' | 'noted' | 'skipped'
  readonly offset: number
  readonly limit: number
  readonly order: 'lag' | 'path' | 'size' | 'read'
}

export function fileStatus(file: WatchedFile): FileStatus {
  const skipped = file.skipped === true
  const lag = file.lag === undefined ? (skipped ? 0 : Math.max(0, file.size - file.position)) : file.lag
  return {
    path: file.path,
    size: file.size,
    position: file.position,
    lag,
    behindSince: lag === 0 ? null : (file.behindSince ?? null),
    note: file.note,
    skipped,
    readAt: file.readAt ?? null,
  }
}

export function fileTotals(files: readonly FileStatus[]): FileTotals {
  const totals = { files: 0, behind: 0, noted: 0, skipped: 0, size: 0, lag: 0 }
  for (const file of files) {
    totals.files++
    if (isBehind(file)) totals.behind++
    if (file.note !== '') totals.noted++
    if (file.skipped) totals.skipped++
    totals.size += file.size
    totals.lag += file.lag ?? 0
  }
  return totals
}

/** Those that need a look first: read with a note, then with the most lag, then what is not read at all. */
export function mostUrgent(files: readonly FileStatus[], most: number): FileStatus[] {
  const rank = (file: FileStatus) => (file.skipped ? 2 : file.note !== '' ? 0 : 1)
  return files.toSorted((a, b) => rank(a) - rank(b) || compare.lag(a, b)).slice(0, most)
}

/** One page of those that a query asks for, and how many those are. */
export function pageOfFiles(files: readonly FileStatus[], query: FileQuery): { matched: number; files: FileStatus[] } {
  const part = query.filter.toLowerCase()
  const matching = files.filter((file) => file.path.toLowerCase().includes(part) && isWanted[query.only](file))
  const page = matching.toSorted(compare[query.order]).slice(query.offset, query.offset + query.limit)
  return { matched: matching.length, files: page }
}

const isBehind = ({ lag }: FileStatus) => lag !== null && lag > 0

const isWanted: Readonly<Record<FileQuery['only'], (file: FileStatus) => boolean>> = {
  all: () => true,
  behind: isBehind,
  noted: ({ note }) => note !== '',
  skipped: ({ skipped }) => skipped,
}

const byPath = (a: FileStatus, b: FileStatus) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

const compare: Readonly<Record<FileQuery['order'], (a: FileStatus, b: FileStatus) => number>> = {
  // What nobody can know may be much.
  lag: (a, b) => compareLag(a.lag, b.lag) || byPath(a, b),
  path: byPath,
  size: (a, b) => b.size - a.size || byPath(a, b),
  read: (a, b) => (b.readAt ?? 0) - (a.readAt ?? 0) || byPath(a, b),
}

function compareLag(a: number | null, b: number | null): number {
  if (a === b) return 0
  if (a === null) return b === 0 ? -1 : 1
  if (b === null) return a === 0 ? 1 : -1
  return b - a
}
