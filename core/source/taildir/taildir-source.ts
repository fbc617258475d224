import { type Source, type SourceContext, type SourceDetail, skippedFile } from '../source.ts'
import { errorText } from '../../errors.ts'
import { fileGroups, type FileGroup } from './file-group.ts'
import { FolderScan, type FolderProblem } from './folder-scan.ts'
import { FolderWatch } from './folder-watch.ts'
import { FileTracker } from './file-tracker.ts'
import { OpenFiles } from './open-files.ts'
import type { TaildirSettings } from './settings.ts'
import { startPattern } from './start-pattern.ts'
import { StreamFeed } from './stream-feed.ts'
import { StreamReader, type ReaderSettings } from './stream-reader.ts'
import { StreamTable } from './stream-table.ts'
import type { Stream } from './stream.ts'
import { textForm } from './text-form.ts'

/** Readers at work at a time: a slow mount does not keep the other files from being read. */
const readers = 2
/** A file without new data for this long is looked at less often, unless a notice names it. */
const idleMilliseconds = 30_000
const idleLookEvery = 5
/** Notices come in swarms: a look waits this long for more of them. */
const noticeMilliseconds = 10

/** Follows the files of its groups and feeds their lines to the channels (flume.md §1.2 and §3.9). */
export class TaildirSource implements Source {
  readonly #settings: TaildirSettings
  readonly #context: SourceContext
  readonly #groups: readonly FileGroup[]
  readonly #readerSettings: ReaderSettings
  readonly #newId: () => string
  #run: TailRun | undefined

  /** `newId` makes a text that never comes twice. Throws `SLUICE_CONFIG` for a group or pattern that is wrong. */
  constructor(settings: TaildirSettings, context: SourceContext, newId: () => string) {
    this.#settings = settings
    this.#context = context
    this.#newId = newId
    this.#groups = fileGroups(
      settings.filegroups,
      settings['filegroups.*'],
      settings['headers.*'],
      context.baseDirectory,
    )
    const start = settings['multiline.startPattern']
    this.#readerSettings = {
      maxLineLength: settings.maxLineLength,
      longLines: settings.longLines,
      lineEnding: settings.lineEnding,
      startPattern: start === undefined ? undefined : startPattern(start),
      batchSize: settings.batchSize,
      form: textForm(settings.encoding),
      fileHeader: settings.fileHeader ? settings.fileHeaderKey : undefined,
      byteOffsetHeader: settings.byteOffsetHeader ? settings.byteOffsetHeaderKey : undefined,
      turnBytes: 8 * 1024 * 1024,
      turnBatches: settings.maxBatchCount === 0 ? Infinity : settings.maxBatchCount,
    }
  }

  async start(): Promise<void> {
    this.#run = new TailRun(this.#settings, this.#context, this.#groups, { ...this.#readerSettings }, this.#newId)
    await this.#run.start()
  }

  async stop(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    await run?.stop()
  }

  inspect(): SourceDetail {
    return this.#run?.inspect() ?? { files: [] }
  }
}

/** One run of the source, from its start to its stop: nothing of it is left for the next. */
class TailRun {
  readonly #settings: TaildirSettings
  readonly #context: SourceContext
  readonly #readerSettings: ReaderSettings & { batchSize: number }
  readonly #scans: FolderScan[]
  readonly #watches: FolderWatch[]
  readonly #table: StreamTable
  readonly #tracker: FileTracker
  readonly #files: OpenFiles
  readonly #feed: StreamFeed
  readonly #stopped = new AbortController()
  readonly #ready: Stream[] = []
  readonly #noticed = new Set<string>()
  #wakeReaders: (() => void)[] = []
  #wakeLooker: (() => void) | undefined
  #problems: readonly FolderProblem[] = []
  #polls = 0
  #polledAt = -Infinity
  #lookTook = 0
  #tasks: Promise<void>[] = []

  constructor(
    settings: TaildirSettings,
    context: SourceContext,
    groups: readonly FileGroup[],
    readerSettings: ReaderSettings & { batchSize: number },
    newId: () => string,
  ) {
    this.#settings = settings
    this.#context = context
    this.#readerSettings = readerSettings
    const { clock } = context
    const directories = [...new Set(groups.map((group) => group.directory))]
    this.#scans = directories.map(
      (directory) =>
        new FolderScan(
          directory,
          groups.filter((group) => group.directory === directory),
          { clock, cachePatternMatching: settings.cachePatternMatching, followLinks: settings.followLinks },
        ),
    )
    this.#watches = settings.watch
      ? directories.map((directory) => new FolderWatch(directory, (path) => this.#notice(path)))
      : []
    this.#files = new OpenFiles(settings.maxOpenFiles)
    this.#table = new StreamTable((sighting) => `${context.name}/${sighting.inode}-${newId()}`)
    this.#feed = new StreamFeed(context, {
      signal: this.#stopped.signal,
      ready: (stream) => this.#enqueue(stream),
      tooLarge: () => {
        this.#readerSettings.batchSize = Math.max(1, this.#readerSettings.batchSize >> 1)
      },
      retryMilliseconds: 1000,
    })
    this.#tracker = new FileTracker({
      table: this.#table,
      files: this.#files,
      context,
      settings,
      groups,
      feed: this.#feed,
      enqueue: (stream) => this.#enqueue(stream),
    })
  }

  async start(): Promise<void> {
    await this.#tracker.restore()
    await this.#look()
    this.#tasks = [this.#lookOn(), ...Array.from({ length: readers }, () => this.#readOn())]
    for (const task of this.#tasks) task.catch((error: unknown) => this.#context.reportFailure(error))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const watch of this.#watches) watch.stop()
    this.#wakeLooker?.()
    this.#wakeAllReaders()
    await Promise.allSettled(this.#tasks)
    await this.#feed.settled()
    await this.#files.closeAll()
    await this.#tracker.writePositionFile()
  }

  inspect(): SourceDetail {
    const files = [...this.#table.all()]
      .filter((stream) => !stream.orphan)
      .map((stream) => ({
        path: stream.path,
        size: stream.size,
        position: stream.confirmed.offset,
        lag: stream.lag,
        behindSince: stream.behindSince,
        note: stream.note,
        readAt: stream.readAt,
      }))
    const problems = this.#problems.map(({ path, message }) => ({
      path,
      size: 0,
      position: 0,
      note: message,
      skipped: true,
      readAt: undefined,
    }))
    const passed = this.#scans.flatMap((scan) => scan.passedOver()).map(({ path, reason }) => skippedFile(path, reason))
    return { files: [...files, ...problems, ...passed] }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  // Looking

  #notice(path: string | undefined): void {
    if (path !== undefined) this.#noticed.add(path)
    this.#wakeLooker?.()
  }

  async #lookOn(): Promise<void> {
    const { clock } = this.#context
    while (!this.#isStopped()) {
      const woken = new AbortController()
      this.#wakeLooker = () => woken.abort()
      await clock.sleep(this.#settings.pollInterval, woken.signal)
      // A look at thousands of files is not for free: notices may not make it the only thing that is done.
      const calm = Math.max(noticeMilliseconds, 3 * this.#lookTook)
      if (woken.signal.aborted) await clock.sleep(calm, this.#stopped.signal)
      if (this.#isStopped()) return
      await this.#look()
    }
  }

  async #look(): Promise<void> {
    for (const watch of this.#watches) watch.start()
    const noticed = new Set(this.#noticed)
    this.#noticed.clear()
    const now = this.#context.clock.monotonic()
    const polls = now - this.#polledAt >= this.#settings.pollInterval
    const looksAtIdle = polls && this.#polls++ % idleLookEvery === 0
    if (polls) this.#polledAt = now
    const wanted = (path: string) => {
      if (looksAtIdle || noticed.has(path)) return true
      if (!polls) return false
      const activeAt = this.#tracker.activeAt(path)
      return activeAt === undefined || now - activeAt < idleMilliseconds
    }
    const looks = await Promise.all(this.#scans.map((scan) => scan.look(wanted)))
    this.#reportProblems(looks.flatMap((look) => look.problems))
    for (const [index, watch] of this.#watches.entries())
      // A watch on a folder that is gone never tells of the one that comes in its place.
      if (looks[index]?.names === undefined) watch.stop()
    await this.#tracker.update(looks)
    this.#lookTook = this.#context.clock.monotonic() - now
  }

  #reportProblems(problems: readonly FolderProblem[]): void {
    const known = new Set(this.#problems.map((problem) => `${problem.path} ${problem.message}`))
    for (const { path, message } of problems)
      if (!known.has(`${path} ${message}`)) this.#context.log.warn({ path }, `not read: ${message}`)
    this.#problems = problems
    const folders = problems.filter((problem) => problem.folder)
    this.#context.reportState(folders.map(({ path, message }) => `waiting: ${message}: ${path}`).join('; '))
  }

  // Reading

  #enqueue(stream: Stream): void {
    if (stream.unresolved) return
    if (stream.queued || stream.busy || stream.blocked || stream.broken) {
      stream.again = true
      return
    }
    stream.queued = true
    this.#ready.push(stream)
    this.#wakeReaders.pop()?.()
  }

  #wakeAllReaders(): void {
    for (const wake of this.#wakeReaders) wake()
    this.#wakeReaders = []
  }

  async #readOn(): Promise<void> {
    const reader = new StreamReader(this.#readerSettings, this.#context.channels)
    while (!this.#isStopped()) {
      const stream = this.#ready.shift()
      if (stream === undefined) {
        await new Promise<void>((resolve) => this.#wakeReaders.push(resolve))
        continue
      }
      await this.#feed.budget.room()
      if (this.#isStopped()) return
      stream.queued = false
      stream.busy = true
      stream.takeAgain()
      let more = false
      try {
        more = await this.#turn(reader, stream)
      } catch (error) {
        const message = `not read: ${errorText(error)}`
        if (stream.note !== message) this.#context.log.warn({ path: stream.path, err: error }, 'a file is not read')
        stream.note = message
        stream.retry = true
        this.#context.counters.eventReadFail++
        await this.#files.close(stream)
      } finally {
        stream.busy = false
      }
      if (stream.takeAgain() || more) this.#enqueue(stream)
    }
  }

  /** True when there is more to read from the stream. */
  async #turn(reader: StreamReader, stream: Stream): Promise<boolean> {
    const content = await this.#files.open(stream)
    if (content === undefined) {
      this.#tracker.lost(stream)
      return false
    }
    if (stream.note.startsWith('not read')) stream.note = ''
    const before = stream.read.offset
    const flush = stream.flushDue
    stream.flushDue = 'nothing'
    stream.atEnd = false
    const end = await reader.turn(stream, {
      content,
      final: stream.final,
      flush,
      put: (batch, mark, prepared) => this.#feed.put(stream, batch, mark, prepared),
    })
    if (stream.read.offset !== before) {
      stream.readAt = this.#context.clock.now()
      stream.activeAt = this.#context.clock.monotonic()
    }
    this.#tracker.report(stream)
    switch (end) {
      case 'more':
        return true
      case 'replaced':
        await this.#tracker.replaced(stream)
        return false
      case 'blocked':
        return false
      case 'end':
        stream.atEnd = true
        // What was read without an event (a mark, a hole, an omitted rest) is confirmed when nothing else is.
        if (stream.putsInFlight === 0 && stream.read.offset > stream.confirmed.offset && !stream.broken)
          this.#feed.move(stream)
        await this.#tracker.atEnd(stream)
        return false
    }
  }
}
