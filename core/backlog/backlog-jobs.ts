import type { BacklogSummary, Start } from '../channel/file/reader.ts'
import type { ChannelStore } from '../channel/channel.ts'
import type { BacklogPage, HeaderCounts, WholeEvent } from './backlog-look.ts'
import type { ExportFormat } from './export-formats.ts'
import type { BacklogQuery } from './backlog-query.ts'
import type { BacklogRow } from './backlog-row.ts'

/** What a look asks for, by name: its parameters and its answer. */
export interface BacklogLooks {
  summary: { params: undefined; answer: BacklogSummary }
  page: { params: { start: Start; limit: number; backward: boolean }; answer: BacklogPage }
  at: { params: { position: number; limit: number }; answer: BacklogPage }
  event: { params: { number: number; mostBytes: number }; answer: WholeEvent }
  counts: { params: { header: string; limit: number; mostBlocks: number }; answer: HeaderCounts }
}
export type LookName = keyof BacklogLooks

/** Work that takes long, in a thread of its own that can be ended at any moment. */
export type BacklogJob =
  | {
      readonly job: 'search'
      readonly query: BacklogQuery
      readonly start: Start
      readonly backward: boolean
      readonly limit: number
    }
  | {
      readonly job: 'export'
      readonly query: BacklogQuery
      readonly start: Start
      readonly file: string
      readonly format: ExportFormat
    }

/** What a search or an export has done so far; the last one has `done`. */
export interface JobProgress {
  readonly hits: readonly BacklogRow[]
  /** Waiting events and bytes that were looked at, and how many events there are. */
  readonly events: number
  readonly bytes: number
  readonly total: number
  /** Blocks that could not be read or went meanwhile. */
  readonly damaged: number
  readonly gone: number
  readonly written: number
  readonly writtenBytes: number
  /** The search ended because it had as many hits as were asked for. */
  readonly limited: boolean
  readonly done: boolean
}

export interface BacklogWorkerData {
  readonly store: ChannelStore
  /** Undefined: it answers looks until it is ended. */
  readonly job: BacklogJob | undefined
  /** Steps made, and the number of the event at which the last one was made. */
  readonly pulse: Float64Array
  /** Microseconds of processor time that the searches and exports of this process have used. */
  readonly spent: BigInt64Array
}

export interface JobFailure {
  readonly code: string
  readonly message: string
}

export type ToBacklogWorker = {
  [Name in LookName]: { readonly id: number; readonly look: Name; readonly params: BacklogLooks[Name]['params'] }
}[LookName]

export type FromBacklogWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly failure: JobFailure }
  | { readonly kind: 'progress'; readonly progress: JobProgress }
  | { readonly kind: 'failed'; readonly failure: JobFailure }
