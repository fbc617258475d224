import fs from 'node:fs/promises'
import type { Channel, ChannelState, ChannelStats, Ledger, Lease, PutOptions, SourcePosition } from '../channel.ts'
import type { Clock } from '../../clock.ts'
import { errorText, isSluiceError, SluiceError } from '../../errors.ts'
import { Batch } from '../../event/batch.ts'
import { sharedMemory } from '../../event/shared-memory.ts'
import type { Log } from '../../log.ts'
import { Admission, type Limits } from './admission.ts'
import { type Block, leave, type Piece } from './block.ts'
import { BlockFeed } from './block-feed.ts'
import { FileLease, type LeaseKeeper } from './file-lease.ts'
import { FolderLock } from './folder-lock.ts'
import { FrameCodec, type CodecSettings } from './frame-codec.ts'
import { saltOf } from './frame.ts'
import { FreeDisk } from './free-disk.ts'
import { HotTail } from './hot-tail.ts'
import { SegmentEnds, SegmentReader } from './segment-reader.ts'
import { TakeQueue } from './take-queue.ts'
import { WorkerLink } from './worker-link.ts'
import type { Books, Opened, SegmentEnd, Stored } from './worker-messages.ts'

export interface FileChannelSettings extends Limits {
  /** The channel's own folder; made when it is missing. */
  readonly folder: string
  readonly transactionCapacity: number
  /** Bytes that must stay free on the disk: below, nothing is let in. */
  readonly minimumRequiredSpace: number
  /** Bytes after which a new segment file is begun. */
  readonly segmentSize: number
  readonly codec: CodecSettings
  /** Bytes kept aside for a full disk. */
  readonly reserve: number
  /** Bytes of the newest blocks kept in memory. */
  readonly hotTail: number
}

export interface FileChannelContext {
  readonly name: string
  readonly log: Log
  readonly clock: Clock
}

/** Least and most milliseconds between two tries to open a channel that failed. */
const reopenDelays = [500, 30_000] as const

const emptyBooks: Books = {
  nextEvent: 0,
  low: 0,
  queued: 0,
  bytes: 0,
  delivered: 0,
  quarantined: 0,
  lost: 0,
  repeated: 0,
  dropped: [],
  oldestAt: undefined,
}

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
  readonly #disk: FreeDisk
  readonly #hot: HotTail
  #lock: FolderLock | undefined
  #state: ChannelState = 'closed'
  #reason = 'not opened yet'
  #books: Books = emptyBooks
  /** Puts that are admitted and not answered. */
  #events = 0
  #bytes = 0
  #positions = new Map<string, SourcePosition>()
  #channelId = ''
  #ends = new SegmentEnds([])
  #feed: BlockFeed | undefined
  #queue: TakeQueue | undefined
  #diskFull: string | undefined
  #closing = new AbortController()
  #idle: (() => void) | undefined

  constructor(settings: FileChannelSettings, context: FileChannelContext) {
    this.name = context.name
    this.transactionCapacity = settings.transactionCapacity
    this.#settings = settings
    this.#log = context.log
    this.#clock = context.clock
    this.#disk = new FreeDisk(settings.folder, context.clock)
    this.#hot = new HotTail(settings.hotTail)
    this.#admission = new Admission(
      context.name,
      settings,
      () => ({ events: this.#books.queued + this.#events, bytes: this.#books.bytes + this.#bytes }),
      () => this.#tooLittleDisk(),
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
    this.#books = opened.books
    if (this.#feed === undefined) {
      const codec = new FrameCodec(this.#settings.codec)
      const start = opened.start ?? { segment: 0, offset: 0 }
      const reader = new SegmentReader(this.#settings.folder, saltOf(channel), codec, this.#ends, start)
      this.#feed = new BlockFeed(this.#hot, reader, this.#damageHandler(), opened.books.low)
      this.#queue = new TakeQueue(this.#feed, (block, reason) => this.#unreadable(block, reason), [
        [0, opened.books.low],
        ...opened.settled,
      ])
    }
    this.#state = 'running'
    this.#reason = ''
    this.#diskFull = undefined
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
      if (this.#events === 0) resolve()
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
    if (batch.count > this.transactionCapacity)
      return new SluiceError(
        'SLUICE_BATCH_TOO_LARGE',
        `a batch of ${batch.count} events is more than transactionCapacity ${this.transactionCapacity} of channel ` +
          `${this.name}: make batches smaller or transactionCapacity larger`,
      )
    const { position } = options
    if (position !== undefined && (Buffer.byteLength(position.key) > 512 || Buffer.byteLength(position.state) > 4096))
      return new SluiceError('SLUICE_INTERNAL', `position ${position.key.slice(0, 80)} is too long`)
    return undefined
  }

  #send(batch: Batch, options: PutOptions, resolve: () => void, reject: (error: unknown) => void): void {
    const { count } = batch
    const size = batch.bytes.length
    const at = this.#clock.now()
    this.#events += count
    this.#bytes += size
    let copy: Buffer | undefined
    let bytes = batch.bytes
    if (size > 0 && !(bytes.buffer instanceof SharedArrayBuffer)) {
      copy = sharedMemory.take(size)
      bytes = copy.subarray(0, size)
      batch.bytes.copy(bytes)
    }
    const settle = () => {
      this.#events -= count
      this.#bytes -= size
      if (copy !== undefined) sharedMemory.give(copy)
      if (this.#events === 0) this.#idle?.()
    }
    this.#link.put({
      message: { bytes, count, at, position: options.position, identity: options.identity },
      stored: (parts) => {
        settle()
        this.#diskFull = undefined
        this.#disk.wrote(size)
        if (options.position !== undefined) this.#notePosition(options.position, count)
        this.#keepHot(batch, parts, at, options.exclusive === true)
        if (this.#admission.waiting > 0) this.#admission.admit()
        resolve()
      },
      refused: (error) => {
        settle()
        if (error.code === 'SLUICE_DISK_FULL') this.#diskFull = error.message
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

  /** Keeps what was just written for whoever is at the tail. */
  #keepHot(batch: Batch, parts: readonly Stored[], at: number, given: boolean): void {
    const whole = parts.length === 1 && parts[0]!.to - parts[0]!.from === batch.count
    // Few events in a large buffer would keep all of it: they are copied, and the buffer is free again.
    const wasteful = batch.bytes.length * 2 < batch.bytes.buffer.byteLength
    for (const part of parts) {
      if (part.to === part.from) continue
      let kept = batch.slice(part.from, part.to)
      if (wasteful) {
        const bytes = Buffer.allocUnsafeSlow(kept.bytes.length)
        kept.bytes.copy(bytes)
        kept = new Batch(bytes, kept.count)
      }
      const exclusive = given && whole && !wasteful
      const block: Block = { batch: kept, firstEvent: part.firstEvent, at, exclusive, left: kept.count }
      this.#hot.push({ block, segment: part.segment, end: part.end })
    }
    if (given && (wasteful || parts.every(({ from, to }) => from === to))) batch.recycle()
    this.#queue?.wake()
  }

  #group(books: Books, end: SegmentEnd): void {
    this.#ends.update(end)
    this.#setBooks(books)
  }

  #setBooks(books: Books): void {
    this.#books = books
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
    const pieces = await queue.take(Math.min(maxEvents, this.transactionCapacity), maxBytes, waitMilliseconds, signal)
    return pieces === undefined ? undefined : new FileLease(pieces, this.#channelId, this.#books.low, this)
  }

  async delivered(lease: FileLease): Promise<void> {
    const at = this.#clock.now()
    await this.#link.ack({
      first: lease.first,
      next: lease.next,
      kind: 'delivered',
      reason: '',
      at,
      bytes: lease.bytes,
    })
    for (const piece of lease.pieces) leave(piece)
  }

  released(lease: FileLease): void {
    this.#queue?.giveBack(lease.pieces)
  }

  async quarantined(lease: FileLease, reason: string): Promise<void> {
    try {
      await this.#quarantine(lease.pieces, reason)
    } catch (error) {
      this.#queue?.giveBack(lease.pieces)
      throw error
    }
    for (const piece of lease.pieces) leave(piece)
  }

  async #quarantine(pieces: readonly Piece[], reason: string): Promise<void> {
    const batches = pieces.map(({ block, from, to }) => ({
      bytes: block.batch.slice(from, to).bytes,
      count: to - from,
      first: block.firstEvent + from,
    }))
    const first = batches[0]!.first
    const next = batches.at(-1)!.first + batches.at(-1)!.count
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    const settlement = { first, next, kind: 'quarantined', reason, at: this.#clock.now(), bytes } as const
    await this.#link.request({ ask: 'quarantine', quarantine: { settlement, batches } })
  }

  async #unreadable(block: Block, reason: string): Promise<void> {
    await this.#quarantine([{ block, from: 0, to: block.batch.count }], reason)
    this.#log.error({ channel: this.name, events: block.batch.count }, `events quarantined: ${reason}`)
  }

  #damageHandler() {
    return {
      locate: async (event: number) => (await this.#link.request({ ask: 'locate', event })).located,
      damaged: async (
        place: { segment: number; offset: number },
        size: number,
        events: { first: number; count: number; bytes: number } | undefined,
        reason: string,
      ) => {
        const at = this.#clock.now()
        const settlement =
          events === undefined
            ? undefined
            : {
                first: events.first,
                next: events.first + events.count,
                kind: 'quarantined' as const,
                reason,
                at,
                bytes: events.bytes,
              }
        await this.#link.request({ ask: 'damaged', place, size, settlement })
        this.#log.error({ channel: this.name, ...place, ...events }, `frame quarantined: ${reason}`)
      },
    }
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
      const little = this.#tooLittleDisk()?.message ?? this.#diskFull
      if (little !== undefined) [state, reason] = ['disk full', little]
      else if (this.#admission.waiting > 0 || books.queued >= capacity || books.bytes >= byteCapacity)
        [state, reason] = ['full', `${books.queued} of ${capacity} events wait in it`]
    }
    const ledger: Ledger = {
      received: books.nextEvent,
      delivered: books.delivered,
      queued: books.queued,
      dropped: Object.fromEntries(books.dropped),
      quarantined: books.quarantined,
      lost: books.lost,
      repeated: books.repeated,
    }
    return {
      state,
      reason,
      events: books.queued,
      bytes: books.bytes,
      capacity,
      byteCapacity,
      oldestAt: books.oldestAt,
      ledger,
      freeDisk,
    }
  }

  setLimits(limits: Limits): void {
    this.#admission.limits = limits
  }

  #tooLittleDisk(): SluiceError | undefined {
    const free = this.#disk.bytes
    const least = this.#settings.minimumRequiredSpace
    if (free === undefined || free >= least) return undefined
    return new SluiceError(
      'SLUICE_DISK_FULL',
      `the disk under channel ${this.name} has ${free} bytes free, less than minimumRequiredSpace ${least}`,
      { details: { channel: this.name, free, minimumRequiredSpace: least } },
    )
  }
}
