import fs from 'node:fs/promises'
import type {
  Channel,
  ChannelState,
  ChannelStats,
  ChannelStore,
  Lease,
  PutOptions,
  SourcePosition,
} from '../channel.ts'
import type { Clock } from '../../clock.ts'
import { errorText, isSluiceError, SluiceError } from '../../errors.ts'
import type { Batch } from '../../event/batch.ts'
import { sharedMemory } from '../../event/shared-memory.ts'
import type { Log } from '../../log.ts'
import { Admission, type Limits } from '../admission.ts'
import { leave } from './block.ts'
import { BlockFeed } from './block-feed.ts'
import { ChannelBooks } from './channel-books.ts'
import type { FileChannelContext, FileChannelSettings } from './file-channel-settings.ts'
import { FileLease, type LeaseKeeper } from './file-lease.ts'
import { FolderLock } from './folder-lock.ts'
import { wrongPut } from './put-check.ts'
import { FrameCodec } from './frame-codec.ts'
import { saltOf } from './frame.ts'
import { DiskRoom } from './disk-room.ts'
import { HotTail } from './hot-tail.ts'
import { QuarantineDesk } from './quarantine-desk.ts'
import { SegmentEnds, SegmentReader } from './segment-reader.ts'
import { diskError } from './failure.ts'
import { TakeQueue } from './take-queue.ts'
import { WorkerLink } from './worker-link.ts'
import type { Books, Opened, SegmentEnd } from './worker-messages.ts'

/** Least and most milliseconds between two tries to open a channel that failed. */
const reopenDelays = [500, 30_000] as const

/** The durable channel: segments and an SQLite index, written by a worker thread of its own. */
export class FileChannel implements Channel, LeaseKeeper {
  readonly name: string
  readonly durable = true
  readonly transactionCapacity: number
  readonly #settings: FileChannelSettings
  readonly #log: Log
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #link: WorkerLink
  readonly #desk: QuarantineDesk
  readonly #disk: DiskRoom
  readonly #hot: HotTail
  #lock: FolderLock | undefined
  #state: ChannelState = 'closed'
  #reason = 'not opened yet'
  readonly #books = new ChannelBooks()
  /** Puts that were admitted and not answered. */
  #underWay = 0
  #positions = new Map<string, SourcePosition>()
  #channelId = ''
  #ends = new SegmentEnds([])
  #feed: BlockFeed | undefined
  #queue: TakeQueue | undefined
  #closing = new AbortController()
  #idle: (() => void) | undefined

  constructor(settings: FileChannelSettings, context: FileChannelContext) {
    this.name = context.name
    this.transactionCapacity = settings.transactionCapacity
    this.#settings = settings
    this.#log = context.log
    this.#clock = context.clock
    this.#disk = new DiskRoom(context.name, settings.folder, settings.minimumRequiredSpace, context.clock)
    this.#hot = new HotTail(settings.hotTail)
    this.#admission = new Admission(
      context.name,
      settings,
      () => this.#books.usage(),
      () => this.#disk.tooLittle(),
      context.clock,
    )
    this.#disk.onMeasured = () => this.#admission.admit()
    this.#link = new WorkerLink(
      { folder: settings.folder, segmentSize: settings.segmentSize, codec: settings.codec, reserve: settings.reserve },
      {
        group: (books, end) => this.#group(books, end),
        books: (books) => this.#setBooks(books),
        notice: (code, message) => this.#log.warn({ channel: this.name, code }, message),
        failed: (error) => this.#failed(error),
      },
    )
    this.#desk = new QuarantineDesk(this.#link, context.log, context.clock)
  }

  get store(): ChannelStore {
    return { folder: this.#settings.folder, keys: this.#settings.codec.keys }
  }

  async open(): Promise<void> {
    if (this.#state !== 'closed' && this.#state !== 'failed')
      throw new SluiceError('SLUICE_INTERNAL', `channel ${this.name} is open`)
    this.#closing.abort()
    this.#closing = new AbortController()
    this.#state = 'opening'
    this.#reason = ''
    try {
      await fs.mkdir(this.#settings.folder, { recursive: true })
      this.#lock ??= new FolderLock(this.#settings.folder)
      await this.#disk.measure()
      this.#opened(await this.#link.start())
    } catch (error) {
      this.#state = 'failed'
      this.#reason = errorText(error)
      this.#lock?.release()
      this.#lock = undefined
      throw isSluiceError(error)
        ? error
        : new SluiceError('SLUICE_CHANNEL_IO', `cannot open channel ${this.name}: ${errorText(error)}`, {
            cause: error,
          })
    }
  }

  #opened(opened: Opened): void {
    const { report, channel } = opened
    this.#channelId = channel
    this.#positions = new Map(opened.positions.map((position) => [position.key, position]))
    this.#ends.replace(opened.segments)
    this.#books.set(opened.books)
    if (this.#feed === undefined) {
      const codec = new FrameCodec(this.#settings.codec)
      const start = opened.start ?? { segment: 0, offset: 0 }
      const reader = new SegmentReader(this.#settings.folder, saltOf(channel), codec, this.#ends, start)
      this.#feed = new BlockFeed(this.#hot, reader, this.#desk, opened.books.low)
      this.#queue = new TakeQueue(this.#feed, (block, reason) => this.#desk.unreadable(block, reason), [
        [0, opened.books.low],
        ...opened.settled,
      ])
    }
    this.#state = 'running'
    this.#reason = ''
    const details = { channel: this.name, ...report, queued: opened.books.queued }
    if (report.lostEvents > 0)
      this.#log.error(details, `${report.lostEvents} events that were stored are gone: the disk lost them`)
    else if (report.rebuilt !== undefined) this.#log.warn(details, `index made again: ${report.rebuilt}`)
    else this.#log.info(details, 'channel open')
    this.#admission.admit()
    this.#queue?.wake()
  }

  async close(milliseconds: number): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#reason = 'closed'
    this.#closing.abort()
    this.#admission.failAll(this.#closedError())
    this.#queue?.end()
    const settled = new Promise<void>((resolve) => {
      this.#idle = resolve
      if (this.#underWay === 0) resolve()
    })
    const limit = AbortSignal.timeout(Math.max(1, Math.min(milliseconds, 2 ** 31 - 1)))
    const timeUp = new Promise<'late'>((resolve) => limit.addEventListener('abort', () => resolve('late')))
    const ended = await Promise.race([settled.then(() => this.#link.close()), timeUp])
    if (ended === 'late') await this.#link.abandon()
    this.#idle = undefined
    await this.#feed?.close()
    this.#feed = undefined
    this.#queue = undefined
    this.#hot.clear()
    this.#lock?.release()
    this.#lock = undefined
  }

  #closedError(): SluiceError {
    return new SluiceError('SLUICE_CHANNEL_CLOSED', `channel ${this.name} is closed`)
  }

  /** The worker is gone: open again and again, with growing delays, until it works or the channel is closed. */
  #failed(error: SluiceError): void {
    if (this.#state === 'closed') return
    this.#state = 'failed'
    this.#reason = error.message
    this.#log.error({ channel: this.name, code: error.code }, `channel failed: ${error.message}`)
    void this.#reopen(this.#closing.signal)
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    let delay: number = reopenDelays[0]
    for (;;) {
      await this.#clock.sleep(delay, signal)
      if (signal.aborted) return
      try {
        this.#opened(await this.#link.start())
        return
      } catch (error) {
        this.#reason = errorText(error)
        delay = Math.min(delay * 2, reopenDelays[1])
      }
    }
  }

  put(batch: Batch, options: PutOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const refused = (error: unknown) => reject(error instanceof Error ? error : new Error(errorText(error)))
      const wrong = this.#wrongWith(batch, options)
      if (wrong !== undefined) {
        if (options.lane !== undefined) options.lane.failed ??= wrong
        refused(wrong)
        return
      }
      const { count } = batch
      const bytes = batch.bytes.length
      this.#admission.enter({
        count,
        bytes,
        lane: options.lane,
        signal: options.signal,
        refused,
        admitted: () => this.#send(batch, options, resolve, refused),
      })
    })
  }

  #wrongWith(batch: Batch, options: PutOptions): SluiceError | undefined {
    if (this.#state === 'closed' || this.#state === 'opening') return this.#closedError()
    if (this.#state === 'failed') return new SluiceError('SLUICE_CHANNEL_IO', this.#reason)
    return wrongPut(batch, options.position, this.transactionCapacity, this.name)
  }

  #send(batch: Batch, options: PutOptions, resolve: () => void, reject: (error: unknown) => void): void {
    const { count } = batch
    const size = batch.bytes.length
    const at = this.#clock.now()
    this.#books.enter(count, size)
    this.#underWay++
    let copy: Buffer | undefined
    let bytes = batch.bytes
    if (size > 0 && !(bytes.buffer instanceof SharedArrayBuffer)) {
      copy = sharedMemory.take(size)
      bytes = copy.subarray(0, size)
      batch.bytes.copy(bytes)
    }
    const settle = () => {
      this.#books.answered(count, size)
      this.#underWay--
      if (copy !== undefined) sharedMemory.give(copy)
      if (this.#underWay === 0) this.#idle?.()
    }
    this.#link.put({
      message: { bytes, count, at, position: options.position, identity: options.identity },
      stored: (parts) => {
        settle()
        this.#disk.wrote(size)
        if (options.position !== undefined) this.#notePosition(options.position, count)
        this.#hot.keep(batch, parts, at, options.exclusive === true)
        this.#queue?.wake()
        if (this.#admission.waiting > 0) this.#admission.admit()
        resolve()
      },
      refused: (error) => {
        settle()
        if (error.code === 'SLUICE_DISK_FULL') this.#disk.refused(error.message)
        if (options.lane !== undefined) {
          options.lane.failed ??= error
          this.#admission.failLane(options.lane)
        }
        if (this.#admission.waiting > 0) this.#admission.admit()
        reject(error)
      },
    })
  }

  #notePosition(position: SourcePosition, count: number): void {
    const known = this.#positions.get(position.key)
    if (count === 0 || known === undefined || position.offset > known.offset)
      this.#positions.set(position.key, position)
  }

  #group(books: Books, end: SegmentEnd): void {
    this.#ends.update(end)
    this.#setBooks(books)
  }

  #setBooks(books: Books): void {
    this.#books.set(books)
    if (this.#admission.waiting > 0) this.#admission.admit()
  }

  async take(
    maxEvents: number,
    maxBytes: number,
    waitMilliseconds: number,
    signal?: AbortSignal,
  ): Promise<Lease | undefined> {
    const queue = this.#queue
    if (queue === undefined || this.#state === 'closed') throw this.#closedError()
    try {
      const pieces = await queue.take(Math.min(maxEvents, this.transactionCapacity), maxBytes, waitMilliseconds, signal)
      if (pieces === undefined) return undefined
      return new FileLease(pieces, this.#channelId, this.#books.low, this)
    } catch (error) {
      throw isSluiceError(error) ? error : diskError(error, `cannot read channel ${this.name}`)
    }
  }

  /**
   * The acknowledgement counts at once here; the worker writes it with the next group. A crash in between brings the
   * events back: delivered twice, never lost.
   */
  delivered(lease: FileLease): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(this.#closedError())
    const { first, next, count, bytes } = lease
    this.#books.leave(count, bytes)
    const settlement = { first, next, kind: 'delivered', reason: '', at: this.#clock.now(), bytes } as const
    this.#link.ack({ settlement, confirmed: () => this.#books.left(count, bytes) })
    for (const piece of lease.pieces) leave(piece)
    if (this.#admission.waiting > 0) this.#admission.admit()
    return Promise.resolve()
  }

  released(lease: FileLease): void {
    this.#queue?.giveBack(lease.pieces)
  }

  async quarantined(lease: FileLease, reason: string): Promise<void> {
    try {
      await this.#desk.store(lease.pieces, reason)
    } catch (error) {
      this.#queue?.giveBack(lease.pieces)
      throw error
    }
    for (const piece of lease.pieces) leave(piece)
  }

  /**
   * Takes what still waits of the events `[first, next)` out of the queue for good; `reason` is how the ledger counts
   * them. Numbers are those of {@link ChannelReader}. What is being delivered just now may arrive all the same.
   * Resolves with how many events were dropped, when that is durable.
   */
  async drop(ranges: readonly (readonly [first: number, next: number])[], reason: string): Promise<number> {
    const before = this.#droppedFor(reason)
    await this.#link.request({ ask: 'drop', ranges, reason, at: this.#clock.now() })
    for (const [first, next] of ranges) this.#queue?.skip(first, next)
    return this.#droppedFor(reason) - before
  }

  #droppedFor(reason: string): number {
    return this.#books.ledger().dropped[reason] ?? 0
  }

  position(key: string): SourcePosition | undefined {
    return this.#positions.get(key)
  }

  positions(prefix: string): SourcePosition[] {
    return [...this.#positions.values()].filter(({ key }) => key.startsWith(prefix))
  }

  async forgetPositions(keys: readonly string[]): Promise<void> {
    await this.#link.request({ ask: 'forget', keys })
    for (const key of keys) this.#positions.delete(key)
  }

  stats(): ChannelStats {
    const books = this.#books
    const freeDisk = this.#disk.bytes
    const { capacity, byteCapacity } = this.#admission.limits
    let state = this.#state
    let reason = this.#reason
    if (state === 'running') {
      const little = this.#disk.trouble
      if (little !== '') [state, reason] = ['disk full', little]
      else if (this.#admission.waiting > 0 || books.queued >= capacity || books.bytes >= byteCapacity)
        [state, reason] = ['full', `${books.queued} of ${capacity} events wait in it`]
    }
    return {
      state,
      reason,
      events: books.queued,
      bytes: books.bytes,
      capacity,
      byteCapacity,
      oldestAt: books.oldestAt,
      ledger: books.ledger(),
      freeDisk,
    }
  }

  setLimits(limits: Limits): void {
    this.#admission.limits = limits
  }
}
