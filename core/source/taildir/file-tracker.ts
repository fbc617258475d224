import { isAbsolute, join, resolve } from 'node:path'
import { errorText } from '../../errors.ts'
import type { SourceContext } from '../source.ts'
import type { FileGroup } from './file-group.ts'
import type { FolderLook } from './folder-scan.ts'
import { type FlumePosition, readFlumePositions, writeFlumePositions } from './flume-position-file.ts'
import { fingerprint, mostHead, mostTail, startMark } from './mark.ts'
import { bytesAt } from './file-content.ts'
import type { OpenFiles } from './open-files.ts'
import type { TaildirSettings } from './settings.ts'
import type { StreamFeed } from './stream-feed.ts'
import { StreamResolver } from './stream-resolver.ts'
import type { StreamTable } from './stream-table.ts'
import type { Sighting, Stream } from './stream.ts'

export interface TrackerParts {
  readonly table: StreamTable
  readonly files: OpenFiles
  readonly feed: StreamFeed
  readonly context: SourceContext
  readonly settings: TaildirSettings
  readonly groups: readonly FileGroup[]
  readonly enqueue: (stream: Stream) => void
}

/** Decides what each look means: which file is which stream, what is to be read, what is gone. */
export class FileTracker {
  readonly #parts: TrackerParts
  readonly #positionFile: string | undefined
  readonly #resolver: StreamResolver
  readonly #byPath = new Map<string, Stream>()
  #flumePositions: FlumePosition[] = []
  #firstLook = true
  #positionsWrittenAt = -Infinity

  constructor(parts: TrackerParts) {
    this.#parts = parts
    const { settings, context } = parts
    this.#resolver = new StreamResolver(parts.table, parts.files, context, settings.holdTime)
    if (settings.positionFile !== undefined)
      this.#positionFile = isAbsolute(settings.positionFile)
        ? settings.positionFile
        : resolve(context.baseDirectory, settings.positionFile)
    else if (!context.channels.durable)
      this.#positionFile = join(context.dataDirectory, 'taildir', `${context.name}.json`)
  }

  /** Takes up what the channels and Flume's position file know. */
  async restore(): Promise<void> {
    const { context, table, groups } = this.#parts
    const [group] = groups
    if (group === undefined) return
    for (const position of context.channels.positions(`${context.name}/`))
      if (!table.restore(position, group))
        context.reportEvent('SLUICE_CHANNEL_CORRUPT', `the stored position ${position.key} cannot be read`)
    for (const stream of table.orphans()) stream.goneSince = context.clock.monotonic()
    if (this.#positionFile === undefined) return
    try {
      this.#flumePositions = await readFlumePositions(this.#positionFile)
    } catch (error) {
      context.reportEvent('SLUICE_FILE', `position file ${this.#positionFile} is not used: ${errorText(error)}`)
    }
  }

  /** When the file at `path` last gave something new, in monotonic milliseconds; undefined when it is not known. */
  activeAt(path: string): number | undefined {
    const stream = this.#byPath.get(path)
    return stream?.read.offset === stream?.size ? stream?.activeAt : undefined
  }

  async update(looks: readonly FolderLook[]): Promise<void> {
    const { table } = this.#parts
    const seen = new Set<Stream>()
    const inodes = new Set<string>()
    for (const look of looks)
      for (const sighting of look.sightings) {
        const inode = `${sighting.device}:${sighting.inode}`
        // A second name of the same file.
        if (inodes.has(inode)) continue
        inodes.add(inode)
        seen.add(await this.#sight(sighting))
      }
    const skipped = new Set(looks.flatMap((look) => [...look.skipped]))
    const unreadable = looks.flatMap((look) => look.problems.map((problem) => problem.path))
    for (const stream of [...table.followed()])
      if (!seen.has(stream) && !skipped.has(stream.path) && !unreadable.some((path) => stream.path.startsWith(path)))
        await this.#missed(stream)
    // One list for all new files: made anew for each, ten thousand of them would take minutes.
    const resolved = [...table.all()].filter((stream) => !stream.unresolved)
    for (const stream of [...table.followed()]) if (stream.unresolved) await this.#resolve(stream, resolved)
    for (const look of looks) if (look.changed || this.#firstLook) await this.#search(look)
    await this.#tend()
    this.#firstLook = false
  }

  async #sight(sighting: Sighting): Promise<Stream> {
    const { table, context, enqueue } = this.#parts
    const now = context.clock.monotonic()
    let stream = table.find(sighting)
    // A reader that is at it sees for itself that it reads something else now.
    if (stream !== undefined && !stream.busy && isOther(stream, sighting)) {
      if (stream.unresolved) table.forget(stream)
      else await this.#abandon(stream, 'cut')
      stream = undefined
    }
    if (stream === undefined) {
      stream = this.#identify(sighting)
      stream.activeAt = now
    } else {
      const changed = sighting.size !== stream.size || sighting.changedAt !== stream.changedAt
      if (sighting.size !== stream.size) stream.grewAt = now
      if (stream.path !== sighting.path && this.#byPath.get(stream.path) === stream) this.#byPath.delete(stream.path)
      const behind = !stream.gzip && stream.read.offset < sighting.size
      stream.seen(sighting)
      if (changed || behind || stream.retry) enqueue(stream)
      stream.retry = false
    }
    this.#byPath.set(sighting.path, stream)
    await this.#keepOpen(stream)
    return stream
  }

  /** A file with something unread is held open from the first look on: it stays readable if it is deleted. */
  async #keepOpen(stream: Stream): Promise<void> {
    const { files } = this.#parts
    if (
      stream.busy ||
      stream.orphan ||
      stream.gzip ||
      !files.hasRoom ||
      files.has(stream) ||
      stream.read.offset >= stream.size
    )
      return
    try {
      await files.open(stream)
    } catch (error) {
      stream.note = `not read: ${errorText(error)}`
    }
  }

  /** Which stream an inode that no stream is known for belongs to. */
  #identify(sighting: Sighting): Stream {
    const { table } = this.#parts
    const orphan = table.findOrphan(sighting)
    if (orphan !== undefined && !orphan.cut && !orphan.busy) {
      // Whether it holds what was read of it shows when it is read.
      if (!isOther(orphan, sighting)) return this.#adopt(orphan, sighting)
      orphan.cut = true
    }
    const stream = table.begin(sighting)
    stream.unresolved = true
    return stream
  }

  #adopt(stream: Stream, sighting: Sighting): Stream {
    const { table, context, enqueue } = this.#parts
    table.adopt(stream, sighting)
    stream.stops = context.channels.position(stream.key)?.stops ?? []
    stream.activeAt = context.clock.monotonic()
    stream.cut = false
    this.#byPath.set(sighting.path, stream)
    enqueue(stream)
    return stream
  }

  async #resolve(stream: Stream, resolved: Stream[]): Promise<void> {
    const { table, files, context } = this.#parts
    const decision = await this.#resolver.resolve(stream, resolved)
    if (decision === 'held') return
    if (decision === 'own') {
      await this.#begin(stream)
      resolved.push(stream)
      return
    }
    context.log.info({ path: stream.path, was: decision.path, offset: decision.read.offset }, 'a file goes on here')
    await files.close(stream)
    table.forget(stream)
    this.#adopt(decision, stream.sighting())
  }

  /** A stream of its own: from its first byte, or where the settings or Flume's position file say. */
  async #begin(stream: Stream): Promise<void> {
    const { settings, feed, enqueue } = this.#parts
    const flume = this.#flumePositions.find((one) => one.inode === stream.inode && one.file === stream.path)
    const fromEnd = settings.skipToEnd && this.#firstLook
    const offset = flume !== undefined && flume.pos <= stream.size ? flume.pos : fromEnd ? stream.size : 0
    if (offset > 0 && !stream.gzip) {
      await this.#startAt(stream, offset)
      feed.move(stream)
    }
    if (flume) this.#flumePositions = this.#flumePositions.filter((one) => one !== flume)
    stream.unresolved = false
    enqueue(stream)
  }

  async #search(look: FolderLook): Promise<void> {
    for (const { stream, sighting } of await this.#resolver.search(look)) {
      this.#parts.context.log.info({ path: sighting.path, was: stream.path }, 'a file goes on here')
      this.#adopt(stream, sighting)
      // No look shows this name: it is read to its end as a file that has left the folder.
      await this.#keepOpen(stream)
      stream.goneSince = this.#parts.context.clock.monotonic()
    }
    for (const stream of this.#parts.table.orphans()) this.#reportUnread(stream)
  }

  async #startAt(stream: Stream, offset: number): Promise<void> {
    try {
      const content = await this.#parts.files.open(stream)
      if (content === undefined) return
      const head = await bytesAt(content, 0, Math.min(mostHead, offset))
      const tail = await bytesAt(content, Math.max(0, offset - mostTail), Math.min(mostTail, offset))
      stream.headStart = Buffer.from(head.subarray(0, 16))
      stream.goOnAt({ offset, tail: fingerprint(tail), line: startMark.line }, fingerprint(head))
    } catch (error) {
      this.#parts.context.log.warn({ path: stream.path, err: error }, 'a file is not read')
      stream.note = `not read: ${errorText(error)}`
    }
  }

  /** No folder shows the stream's file any more. */
  async #missed(stream: Stream): Promise<void> {
    const { context, files, enqueue } = this.#parts
    const now = context.clock.monotonic()
    if (stream.unresolved && !files.has(stream)) {
      this.#parts.table.forget(stream)
      return
    }
    if (stream.goneSince === undefined) {
      stream.goneSince = now
      stream.activeAt = now
      if (this.#byPath.get(stream.path) === stream) this.#byPath.delete(stream.path)
    }
    // An open handle leads to it still: whatever is in it is read to the end.
    if (files.has(stream)) enqueue(stream)
    else if (!stream.busy) await this.#abandon(stream, 'gone')
  }

  /** What time brings: idle files are closed, unfinished lines flushed, vanished streams forgotten. */
  async #tend(): Promise<void> {
    const { table, files, settings, context, enqueue } = this.#parts
    const now = context.clock.monotonic()
    const multiline = settings['multiline.startPattern'] !== undefined
    for (const stream of [...table.followed()]) {
      const quiet = now - Math.max(stream.grewAt, stream.activeAt)
      if (stream.read.offset < stream.size) {
        const flushes = multiline && quiet >= settings['multiline.flushTimeout']
        const flushesPart = settings.partialLineTimeout > 0 && quiet >= settings.partialLineTimeout
        if (flushes || flushesPart) {
          stream.flushDue = flushesPart ? 'part' : 'events'
          enqueue(stream)
        }
      }
      if (quiet < settings.idleTimeout || stream.busy || stream.queued) continue
      if (stream.goneSince === undefined) {
        if (stream.read.offset >= stream.size) await files.close(stream)
      } else if (!stream.final && (await files.held(stream)?.links()) === 0) {
        // Nobody will finish its last line any more.
        stream.final = true
        enqueue(stream)
      } else await this.#abandon(stream, 'finished')
    }
    const old = [...table.orphans()].filter(
      (stream) => stream.putsInFlight === 0 && now - (stream.goneSince ?? now) > settings.forgetAfter * 1000,
    )
    if (old.length > 0) {
      for (const stream of old) table.forget(stream)
      await context.channels.forgetPositions(old.map((stream) => stream.key))
    }
    if (now - this.#positionsWrittenAt >= settings.writePosInterval) await this.writePositionFile()
  }

  async #abandon(stream: Stream, reason: 'cut' | 'gone' | 'finished'): Promise<void> {
    const { context, files, table } = this.#parts
    context.log.info({ path: stream.path, offset: stream.read.offset }, `the file is ${reason}`)
    stream.goneSince ??= context.clock.monotonic()
    stream.cut = reason === 'cut'
    stream.unreadTold = reason !== 'gone' || stream.gzip
    table.abandon(stream)
    if (this.#byPath.get(stream.path) === stream) this.#byPath.delete(stream.path)
    await files.close(stream)
  }

  #reportUnread(stream: Stream): void {
    const unread = stream.size - stream.read.offset
    if (stream.unreadTold) return
    stream.unreadTold = true
    if (unread > 0) this.#parts.context.reportEvent('SLUICE_FILE', `${stream.path} is gone with ${unread} bytes unread`)
  }

  /** A reader found that the stream's file holds something else than was read of it. */
  async replaced(stream: Stream): Promise<void> {
    if (!stream.orphan) await this.#abandon(stream, 'cut')
  }

  /** The stream's path did not lead to it. The next look shows where it is. */
  lost(stream: Stream): void {
    this.#byPath.delete(stream.path)
  }

  async atEnd(stream: Stream): Promise<void> {
    if (stream.gzip) await this.#parts.files.close(stream)
    if (stream.size < stream.read.offset) stream.size = stream.read.offset
  }

  /** Tells of what a reader met on its way: lines that were too long, holes. */
  report(stream: Stream): void {
    const { splitter } = stream
    const { context } = this.#parts
    if (splitter === undefined) return
    if (splitter.holeBytes > 0 && !splitter.inHole) {
      const message = `${stream.path}: ${splitter.holeBytes} NUL bytes before offset ${stream.read.offset} were stepped over`
      context.reportEvent('SLUICE_FILE', message)
      context.log.warn({ path: stream.path, bytes: splitter.holeBytes }, 'NUL bytes were stepped over')
      stream.note = `${splitter.holeBytes} NUL bytes stepped over`
      splitter.holeBytes = 0
    }
    if (splitter.longLines > stream.longLines) {
      if (stream.longLines === 0)
        context.reportEvent('SLUICE_FILE', `${stream.path}: a line is longer than maxLineLength`)
      stream.longLines = splitter.longLines
      stream.note = `${splitter.longLines} lines longer than maxLineLength`
      if (splitter.omittedBytes > 0) stream.note += `, ${splitter.omittedBytes} bytes left out`
    }
  }

  async writePositionFile(): Promise<void> {
    const { context, table } = this.#parts
    this.#positionsWrittenAt = context.clock.monotonic()
    if (this.#positionFile === undefined || this.#firstLook) return
    const positions = [...table.followed()]
      .filter((stream) => stream.goneSince === undefined)
      .map((stream) => ({ inode: stream.inode, pos: stream.confirmed.offset, file: stream.path }))
    try {
      await writeFlumePositions(this.#positionFile, positions)
    } catch (error) {
      context.log.warn({ path: this.#positionFile, err: error }, 'the position file cannot be written')
    }
  }
}

/** What can be told without reading: cut short, or made at another time. */
function isOther(stream: Stream, sighting: Sighting): boolean {
  if (!stream.gzip && sighting.size < stream.read.offset) return true
  return stream.born !== '' && sighting.born !== '' && stream.born !== sighting.born
}
