import fs from 'node:fs'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type ErrorCode, errorText } from '../../errors.ts'
import type { ChannelState } from './channel-state.ts'
import { bytesWithin } from './dropped-bytes.ts'
import { failureOf } from './failure.ts'
import { FrameCodec } from './frame-codec.ts'
import { saltOf } from './frame.ts'
import { type Committed, GroupCommit } from './group-commit.ts'
import { IndexKeeper } from './index-keeper.ts'
import { QuarantineFile } from './quarantine-file.ts'
import { recover } from './recovery.ts'
import { ReserveFile } from './reserve-file.ts'
import { segmentPath } from './segment-files.ts'
import { SegmentWriter } from './segment-writer.ts'
import type {
  Books,
  Failure,
  FromWorker,
  OpenReport,
  PutMessage,
  Request,
  SegmentEnd,
  Settlement,
  ToWorker,
  WorkerSettings,
} from './worker-messages.ts'

/** A group ends when it has this many bytes or puts: larger ones only add latency (measured). */
const groupBytes = 1 << 20
const groupPuts = 512
/**
 * How long the index trails the segments, milliseconds: what came and went meanwhile is never written to it, and no put
 * waits for SQLite. After a kill the tail is read from the segments; acknowledgements of that time are repeats then.
 */
const indexEvery = 25
/** How long an acknowledgement may wait until it would survive a power cut. */
const syncEvery = 1000

interface QueuedPut {
  readonly put: PutMessage
  readonly epoch: number
}

/**
 * The one writer of a channel: takes what has arrived, makes it durable as one group, brings the index up to date,
 * answers, and takes again what arrived meanwhile.
 */
export class ChannelWorker {
  readonly #port: MessagePort
  readonly #settings: WorkerSettings
  readonly #state: ChannelState
  readonly #index: IndexKeeper
  readonly #segments: SegmentWriter
  readonly #commit: GroupCommit
  readonly #codec: FrameCodec
  readonly #quarantine: QuarantineFile
  readonly #reserve: ReserveFile
  readonly #puts: QueuedPut[] = []
  readonly #acks: Settlement[] = []
  /** Segments that may go as soon as the index has it on the disk. */
  readonly #drained: number[] = []
  readonly #requests: { id: number; request: Request }[] = []
  #epoch = 0
  #faults = 0
  #lastFailure: Failure | undefined
  #indexTimer: NodeJS.Timeout | undefined
  #writtenAt = performance.now()
  #syncTimer: NodeJS.Timeout | undefined
  #syncedAt = performance.now()
  #oldest: { low: number; at: number | undefined } = { low: -1, at: undefined }

  constructor(port: MessagePort, settings: WorkerSettings) {
    const started = performance.now()
    this.#port = port
    this.#settings = settings
    this.#reserve = new ReserveFile(settings.folder, settings.reserve)
    const { state, index, report } = this.#reserve.withRoom(() => recover(settings.folder, Date.now()))
    this.#state = state
    this.#index = new IndexKeeper(settings.folder, index, (code, message) => this.#notice(code, message))
    const codec = new FrameCodec(settings.codec)
    this.#codec = codec
    this.#segments = new SegmentWriter(settings.folder, state, settings.segmentSize)
    this.#commit = new GroupCommit(state, this.#segments, codec)
    this.#quarantine = new QuarantineFile(settings.folder, state, codec)
    this.#unlinkDrained()
    report.milliseconds = performance.now() - started
    this.#opened(report)
    port.on('message', (message: ToWorker) => {
      this.#receive(message)
      this.#run()
    })
    setImmediate(() => this.#reserve.make())
  }

  #opened(report: OpenReport): void {
    const state = this.#state
    const block = state.low < state.nextEvent ? this.#index.blockAt(state.low) : undefined
    const last = state.segments.at(-1)
    const start = block ?? (last === undefined ? undefined : { segment: last.id, offset: last.length })
    this.#post({
      kind: 'opened',
      opened: {
        channel: state.channel,
        books: this.#books(),
        positions: [...state.positions.values()],
        settled: [...state.settled],
        segments: state.segments.map(({ id, length }) => ({ id, length })),
        start: start === undefined ? undefined : { segment: start.segment, offset: start.offset },
        report,
      },
    })
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message)
  }

  #receive(message: ToWorker): void {
    if (message.kind === 'puts') for (const put of message.puts) this.#puts.push({ put, epoch: message.epoch })
    else if (message.kind === 'acks') this.#acks.push(...message.acks)
    else this.#requests.push(message)
  }

  #run(): void {
    for (;;) {
      // Natural group commit: everything that came in while the disk was busy.
      for (let more = receiveMessageOnPort(this.#port); more !== undefined; more = receiveMessageOnPort(this.#port))
        this.#receive(more.message as ToWorker)
      if (this.#puts.length > 0 || this.#acks.length > 0) this.#group()
      else if (this.#requests.length > 0) this.#request()
      else return
    }
  }

  #group(): void {
    const puts = this.#takePuts()
    let committed: Committed = { stored: [], rejected: [] }
    let failure: Failure | undefined
    if (puts.length > 0 && puts[0]!.epoch < this.#epoch) failure = this.#lastFailure
    else if (puts.length > 0)
      try {
        committed = this.#commit.commit(puts.map(({ put }) => put))
        this.#faults = 0
      } catch (error) {
        failure = failureOf(error)
        this.#lastFailure = failure
        this.#epoch++
        if (failure.code !== 'SLUICE_DISK_FULL') this.#fault(failure)
      }
    const acks = this.#acks.splice(0)
    for (const ack of acks) this.#state.settle(ack, ack.bytes)
    this.#post({
      kind: 'group',
      puts: puts.length,
      failure,
      epoch: this.#epoch,
      ...committed,
      acks: acks.length,
      books: this.#books(),
      end: this.#end(),
    })
    if (acks.length > 0) this.#unlinkDrained()
    this.#trail()
  }

  /** Brings the index up to date when it is time, and sees to it that the time comes. */
  #trail(): void {
    const now = performance.now()
    if (now - this.#syncedAt >= syncEvery) this.#flush(true)
    else if (now - this.#writtenAt >= indexEvery) this.#flush(false)
    else
      this.#indexTimer ??= setTimeout(() => {
        this.#indexTimer = undefined
        if (this.#state.changes.any) this.#flush(false)
      }, indexEvery)
  }

  /** The next puts that go together: none that was sent before its sender heard of a failed group with one after. */
  #takePuts(): QueuedPut[] {
    const first = this.#puts[0]
    if (first === undefined) return []
    const stale = first.epoch < this.#epoch
    let count = 0
    let bytes = 0
    while (count < this.#puts.length && (stale || (count < groupPuts && bytes < groupBytes))) {
      const { put, epoch } = this.#puts[count]!
      if (epoch < this.#epoch !== stale) break
      bytes += put.bytes.length
      count++
    }
    return this.#puts.splice(0, count)
  }

  /** The disk failed under a segment, which is sealed now; a second failure in a row is not this segment's alone. */
  #fault(failure: Failure): void {
    this.#faults++
    if (this.#faults >= 2) this.#post({ kind: 'failed', failure })
    else this.#notice(failure.code, `${failure.message}; going on in a new segment`)
  }

  /**
   * Brings the index up to date; false when it could not be. The events are durable without it, so its trouble fails
   * nobody: what it lacks stays in memory and is tried again.
   */
  #flush(full: boolean): boolean {
    let done = false
    this.#writtenAt = performance.now()
    try {
      this.#index.write(this.#state, full, this.#reserve)
      done = true
      if (full) this.#syncedAt = performance.now()
    } catch (error) {
      this.#notice(failureOf(error).code, `index not written, trying again: ${errorText(error)}`)
    }
    if (this.#syncTimer === undefined && (this.#index.unsynced || this.#state.changes.any))
      this.#syncTimer = setTimeout(() => {
        this.#syncTimer = undefined
        this.#reserve.make()
        if (this.#index.unsynced || this.#state.changes.any) this.#flush(true)
        if (this.#drained.length > 0) this.#unlinkDrained()
      }, syncEvery)
    return done
  }

  /** Removes the oldest segments in which every event is settled. */
  #unlinkDrained(): void {
    const { segments, low, changes } = this.#state
    let count = 0
    while (count < segments.length && segments[count]!.sealed && segments[count]!.nextEvent <= low) count++
    if (count === 0 && this.#drained.length === 0) return
    for (const segment of segments.splice(0, count)) {
      this.#state.droppedSegment = segment.id
      changes.segments.delete(segment)
      changes.removedSegments.push(segment.id)
      changes.counters = true
      this.#drained.push(segment.id)
    }
    // Only when the disk knows that they are not needed may they go.
    if (!this.#flush(true)) return
    for (const id of this.#drained.splice(0)) {
      const file = segmentPath(this.#settings.folder, id)
      fs.unlink(file, (error) => {
        if (error !== null && error.code !== 'ENOENT')
          this.#notice('SLUICE_CHANNEL_IO', `cannot remove ${file}: ${error.message}`)
      })
    }
  }

  #notice(code: ErrorCode, message: string): void {
    this.#post({ kind: 'notice', code, message })
  }

  #request(): void {
    const { id, request } = this.#requests.shift()!
    try {
      switch (request.ask) {
        case 'locate': {
          this.#flush(false)
          const { low, nextEvent, settled } = this.#state
          const [queued] = settled.missing(Math.max(request.event, low), nextEvent)
          this.#post({ kind: 'answer', id, located: queued && this.#index.blockAt(queued[0]) })
          return
        }
        case 'forget':
          for (const key of request.keys) this.#state.forgetPosition(key)
          this.#flush(false)
          break
        case 'drop':
          this.#flush(false)
          for (const [first, next] of request.ranges) this.#drop(first, next, request.reason, request.at)
          this.#flush(true)
          this.#unlinkDrained()
          break
        case 'quarantine':
          this.#quarantine.store(request.quarantine)
          this.#state.settle(request.quarantine.settlement, request.quarantine.settlement.bytes)
          this.#flush(true)
          this.#unlinkDrained()
          break
        case 'damaged': {
          const { place, size, settlement } = request
          const kept = this.#quarantine.keepDamaged(place, size)
          this.#state.settle(kept ? settlement : { ...settlement, kind: 'lost' }, settlement.bytes)
          this.#flush(true)
          this.#unlinkDrained()
          this.#post({ kind: 'answer', id, books: this.#books(), kept })
          return
        }
        case 'close':
          this.close()
          this.#post({ kind: 'answer', id, books: this.#books() })
          this.#port.close()
          return
      }
      this.#post({ kind: 'answer', id, books: this.#books() })
    } catch (error) {
      this.#post({ kind: 'answer', id, failure: failureOf(error) })
    }
  }

  #drop(first: number, next: number, reason: string, at: number): void {
    const { folder } = this.#settings
    const salt = saltOf(this.#state.channel)
    for (const [from, to] of this.#state.settled.missing(Math.max(first, this.#state.low), next)) {
      let bytes = 0
      for (let row = this.#index.blockAt(from); row !== undefined && row.firstEvent < to;) {
        bytes += bytesWithin(folder, row, from, to, this.#codec, salt)
        row = this.#index.blockAt(row.firstEvent + row.count)
      }
      this.#state.settle({ first: from, next: to, kind: 'dropped', reason, at }, bytes)
    }
  }

  #books(): Books {
    const state = this.#state
    return {
      nextEvent: state.nextEvent,
      low: state.low,
      queued: state.queued,
      bytes: state.bytes,
      delivered: state.delivered,
      quarantined: state.quarantined,
      lost: state.lost,
      repeated: state.repeated,
      dropped: [...state.dropped],
      oldestAt: this.#oldestAt(),
    }
  }

  #oldestAt(): number | undefined {
    const { low, nextEvent } = this.#state
    if (low === nextEvent) return undefined
    if (this.#oldest.at === undefined || this.#oldest.low !== low)
      this.#oldest = { low, at: (this.#state.unwrittenBlock(low) ?? this.#index.blockAt(low))?.at }
    return this.#oldest.at
  }

  #end(): SegmentEnd {
    const last = this.#state.segments.at(-1)
    return { id: last?.id ?? 0, length: last?.length ?? 0 }
  }

  close(): void {
    clearTimeout(this.#indexTimer)
    clearTimeout(this.#syncTimer)
    this.#flush(true)
    clearTimeout(this.#syncTimer)
    this.#index.close()
    this.#segments.close()
    this.#quarantine.close()
  }
}
