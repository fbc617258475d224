import { mkdir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { SluiceError, errorText, systemCode } from '../../errors.ts'
import type { EventDeserializer } from '../../deserializer/deserializer.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import type { TextPattern } from '../../pattern/text-pattern.ts'
import { skippedFile, type Source, type SourceContext, type SourceDetail, type WatchedFile } from '../source.ts'
import type { FileGroup } from '../taildir/file-group.ts'
import { openContent } from '../taildir/file-content.ts'
import { sighting } from '../taildir/folder-scan.ts'
import { type Mark, startMark } from '../taildir/mark.ts'
import { namePattern } from '../taildir/name-pattern.ts'
import { decodeState } from '../taildir/stored-position.ts'
import { StreamFeed } from '../taildir/stream-feed.ts'
import { Stream } from '../taildir/stream.ts'
import type { SpooldirSettings } from './settings.ts'
import { SpoolFolder, type SpooledFile, exists } from './spool-folder.ts'
import { strictTextForm } from './strict-text.ts'

/** A file that could not be finished is tried again after this long, or when it changes. */
const retryMilliseconds = 5000

/**
 * Reads files that are put into a folder finished, each once, and marks them as done (flume.md §1.2 and §3.10). What is
 * wrong with one file is a note on it; the others go on.
 */
export class SpooldirSource implements Source {
  readonly #settings: SpooldirSettings
  readonly #context: SourceContext
  readonly #newId: () => string
  readonly #folder: SpoolFolder
  readonly #limits: { batchSize: number }
  readonly #deserializer: EventDeserializer
  /** Files that were begun: what is read of them, and what is the matter with them. */
  readonly #streams = new Map<string, { stream: Stream; retryAt: number; seen: string }>()
  /** Files of the last look that were not begun yet. */
  #waiting = new Map<string, SpooledFile>()
  #stopped = new AbortController()
  #task: Promise<void> = Promise.resolve()
  #resume: (() => void) | undefined
  #trouble = ''

  /** `newId` makes a text that never comes twice, `random` numbers from 0 up to 1. */
  constructor(settings: SpooldirSettings, context: SourceContext, newId: () => string, random: () => number) {
    this.#settings = settings
    this.#context = context
    this.#newId = newId
    const directory = isAbsolute(settings.spoolDir)
      ? settings.spoolDir
      : resolve(context.baseDirectory, settings.spoolDir)
    const tracker = isAbsolute(settings.trackerDir) ? settings.trackerDir : join(directory, settings.trackerDir)
    const patterns = {
      include: pattern('includePattern', settings.includePattern),
      ignore: pattern('ignorePattern', settings.ignorePattern),
    }
    this.#folder = new SpoolFolder(directory, tracker, settings, patterns, random)
    this.#limits = { batchSize: settings.batchSize }
    this.#deserializer = settings.makeDeserializer({
      ...context,
      limits: this.#limits,
      form: strictTextForm(settings.inputCharset, settings.decodeErrorPolicy),
    })
  }

  start(): Promise<void> {
    this.#trouble = ''
    this.#stopped = new AbortController()
    const { signal } = this.#stopped
    this.#streams.clear()
    this.#restore()
    this.#task = this.#run(signal)
    this.#task.catch((error: unknown) => this.#context.reportFailure(error))
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#resume?.()
    await Promise.allSettled([this.#task])
  }

  inspect(): SourceDetail {
    const begun = [...this.#streams.values()].map(({ stream }): WatchedFile => {
      const { path, size, note, readAt, behindSince } = stream
      const position = byteOf(stream.confirmed)
      return { path, size, position, lag: Math.max(0, size - position), behindSince, note, readAt }
    })
    const waiting = [...this.#waiting.values()].map(({ path, stats }): WatchedFile => {
      const [size, behindSince] = [Number(stats.size), Number(stats.mtimeNs / 1_000_000n)]
      return { path, size, position: 0, behindSince, note: '', readAt: undefined }
    })
    const passed = this.#folder.passedOver.map(({ path, reason }) => skippedFile(path, reason))
    return { files: [...begun, ...waiting, ...passed] }
  }

  #restore(): void {
    for (const position of this.#context.channels.positions(`${this.#context.name}/`)) {
      const decoded = decodeState(position)
      if (decoded === undefined) continue
      const { state, mark } = decoded
      const stream = new Stream(position.key, { ...state, group: this.#group(state.path), size: byteOf(mark) })
      stream.goOnAt(mark, state.head)
      stream.stops = this.#context.channels.position(position.key)?.stops ?? []
      this.#streams.set(state.path, { stream, retryAt: 0, seen: '' })
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    const feed = new StreamFeed(this.#context, {
      signal,
      ready: () => this.#resume?.(),
      tooLarge: () => {
        this.#limits.batchSize = Math.max(1, this.#limits.batchSize >> 1)
      },
      retryMilliseconds: 1000,
    })
    while (!signal.aborted) {
      try {
        const waiting = await this.#folder.waiting()
        this.#folderIs('')
        await this.#forgetMissing(waiting)
        this.#waiting = new Map(waiting.filter(({ path }) => !this.#streams.has(path)).map((file) => [file.path, file]))
        for (const file of waiting) {
          await this.#serve(file, feed, signal)
        }
      } catch (error) {
        this.#folderIs(systemCode(error) === 'ENOENT' ? 'the folder is missing' : errorText(error))
      }
      await clock.sleep(this.#settings.pollDelay, signal)
    }
    await feed.settled()
  }

  /** What is wrong with the folder, in words; it is told of when it changes. */
  #folderIs(trouble: string): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    const { directory } = this.#folder
    this.#context.reportState(trouble === '' ? '' : `waiting: ${trouble}: ${directory}`)
    if (trouble === '') this.#context.log.info({ path: directory }, 'the folder can be read again')
    else
      this.#context.reportEvent('SLUICE_FILE', `${trouble}: ${directory}; it is looked at again until it can be read`)
  }

  /** Reads one file to its end and finishes it; what is wrong with it becomes its note. */
  async #serve(file: SpooledFile, feed: StreamFeed, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const seen = `${file.stats.ino} ${file.stats.size} ${file.stats.mtimeNs}`
    const known = this.#streams.get(file.path)
    const now = this.#context.clock.monotonic()
    if (known && known.seen === seen && now < known.retryAt) return
    const entry = { stream: this.#streamOf(file, known?.stream), retryAt: now + retryMilliseconds, seen }
    this.#streams.set(file.path, entry)
    this.#waiting.delete(file.path)
    const { stream } = entry
    try {
      if (!(await this.#read(stream, feed, signal))) return
      await this.#finish(file)
      this.#streams.delete(file.path)
      await this.#context.channels.forgetPositions([stream.key])
    } catch (error) {
      const note = errorText(error)
      if (stream.note !== note) {
        this.#context.log.warn({ path: file.path, err: error }, 'a file is left where it is')
        this.#context.reportEvent('SLUICE_FILE', `${file.path}: ${note}`)
      }
      stream.note = note
      this.#context.counters.eventReadFail++
    }
  }

  #streamOf(file: SpooledFile, known: Stream | undefined): Stream {
    const seen = sighting(file.path, this.#group(file.path), file.stats)
    if (known && known.inode === seen.inode && byteOf(known.read) <= seen.size) {
      known.seen(seen)
      known.gzip = false
      known.final = true
      return known
    }
    const stream = new Stream(`${this.#context.name}/${seen.inode}-${this.#newId()}`, seen)
    stream.gzip = false
    stream.final = true
    return stream
  }

  /** True when all of it is in the channel; false when the source stops. */
  async #read(stream: Stream, feed: StreamFeed, signal: AbortSignal): Promise<boolean> {
    const { emptyFileIsEvent, inBlocks } = this.#deserializer
    if (stream.read.offset > 0 && (stream.read.block !== undefined) !== inBlocks)
      throw new SluiceError(
        'SLUICE_FILE',
        'reading it was begun with another deserializer: set that one until the file is done, or give the file a new name to have it read from its beginning',
      )
    const content = await openContent(stream, stream.inodeKey)
    if (content === undefined) throw new SluiceError('SLUICE_FILE', 'the file was replaced')
    try {
      if (stream.size === 0 && emptyFileIsEvent) this.#putEmptyEvent(stream, feed)
      for (;;) {
        await feed.budget.room()
        const end = await this.#deserializer.turn(stream, {
          content,
          final: true,
          flush: 'nothing',
          put: (batch, mark, prepared) => feed.put(stream, batch, mark, prepared),
        })
        stream.readAt = this.#context.clock.now()
        if (end === 'replaced') {
          this.#streams.delete(stream.path)
          throw new SluiceError('SLUICE_FILE', 'the file holds something else than was read of it: it is read anew')
        }
        if (end === 'end') await feed.settled()
        while ((stream.broken || stream.blocked) && !signal.aborted)
          await new Promise<void>((resolve) => (this.#resume = resolve))
        if (signal.aborted) return false
        if (end === 'end' && stream.confirmed.offset === stream.read.offset) return true
      }
    } finally {
      await feed.settled()
      await content.close()
    }
  }

  /** An empty file is one event with an empty body; `midLine` in its position says that it is in the channel. */
  #putEmptyEvent(stream: Stream, feed: StreamFeed): void {
    if (stream.confirmed.line.midLine) return
    const builder = new BatchBuilder(64)
    builder.addEvent(stream.group.headers, Buffer.alloc(0))
    const mark = { ...startMark, line: { midLine: true, skipping: false } }
    stream.confirmed = mark
    feed.put(stream, builder.finish(), mark, false)
  }

  /** Renames, deletes or marks the file. Throws when it changed since it was read, or its new name is in use. */
  async #finish(file: SpooledFile): Promise<void> {
    const { path } = file
    const { deletePolicy, trackingPolicy, fileSuffix } = this.#settings
    const now = await stat(path, { bigint: true })
    if (now.ino !== file.stats.ino || now.size !== file.stats.size || now.mtimeNs !== file.stats.mtimeNs)
      throw new SluiceError('SLUICE_FILE', 'the file changed while it was read: what was added is read, too')
    if (deletePolicy === 'immediate') return unlink(path)
    if (trackingPolicy === 'tracker_dir') {
      const mark = this.#folder.markOf(path)
      await mkdir(dirname(mark), { recursive: true })
      return writeFile(mark, '')
    }
    const target = path + fileSuffix
    if (await exists(target))
      throw new SluiceError('SLUICE_FILE', `it is read, but cannot be renamed: ${target} is there already`)
    return rename(path, target)
  }

  /** Forgets what is known of files that went away. */
  async #forgetMissing(waiting: readonly SpooledFile[]): Promise<void> {
    const paths = new Set(waiting.map((file) => file.path))
    const gone = [...this.#streams].filter(([path]) => !paths.has(path))
    for (const [path] of gone) this.#streams.delete(path)
    if (gone.length > 0) await this.#context.channels.forgetPositions(gone.map(([, { stream }]) => stream.key))
  }

  #group(path: string): FileGroup {
    const { basenameHeader, basenameHeaderKey, fileHeader, fileHeaderKey } = this.#settings
    const headers = new Map<string, string>()
    if (basenameHeader) headers.set(basenameHeaderKey, basename(path))
    if (fileHeader) headers.set(fileHeaderKey, path)
    return { name: '', directory: dirname(path), pattern: /^$/, headers }
  }
}

/** The byte of the file up to which it is read: where marks count events, the beginning of the block. */
const byteOf = (mark: Mark) => mark.block?.at ?? mark.offset

function pattern(key: string, text: string): TextPattern {
  try {
    return namePattern(text)
  } catch (error) {
    throw new SluiceError('SLUICE_CONFIG', `${key}: ${errorText(error)}`, { cause: error })
  }
}
