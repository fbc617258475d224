import { isAbsolute, join, resolve } from 'node:path'
import { errorText } from '../../errors.ts'
import { Batch } from '../../event/batch.ts'
import type { SourceContext } from '../source.ts'
import type { FileGroup } from './file-group.ts'
import type { FolderLook } from './folder-scan.ts'
import { type FlumePosition, readFlumePositions, writeFlumePositions } from './flume-position-file.ts'
import { fingerprint, mostHead, mostTail, startMark } from './mark.ts'
import type { FileContent, OpenFiles } from './open-files.ts'
import type { TaildirSettings } from './settings.ts'
import type { StreamFeed } from './stream-feed.ts'
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
  readonly #byPath = new Map<string, Stream>()
  #flumePositions: FlumePosition[] = []
  #firstLook = true
  #positionsWrittenAt = -Infinity

  constructor(parts: TrackerParts) {
    this.#parts = parts
    const { settings, context } = parts
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
    await this.#tend()
    this.#firstLook = false
    this.#flumePositions = []
  }

  async #sight(sighting: Sighting): Promise<Stream> {
    const { table, context, enqueue } = this.#parts
    let stream = table.find(sighting)
    if (stream !== undefined && isOther(stream, sighting)) {
      await this.#abandon(stream, 'replaced')
      stream = undefined
    }
    if (stream === undefined) {
      stream = await this.#identify(sighting)
      stream.activeAt = context.clock.monotonic()
      enqueue(stream)
    } else {
      const grown = sighting.size !== stream.size
      if (grown) stream.grewAt = context.clock.monotonic()
      if (grown || sighting.changedAt !== stream.changedAt || stream.read.offset < sighting.size) enqueue(stream)
      if (stream.path !== sighting.path) this.#byPath.delete(stream.path)
      stream.seen(sighting)
    }
    this.#byPath.set(sighting.path, stream)
    return stream
  }

  /** Which stream an inode that no stream is known for belongs to. */
  async #identify(sighting: Sighting): Promise<Stream> {
    const { table, settings, context, feed } = this.#parts
    for (const orphan of table.orphans())
      if (orphan.inode === sighting.inode && orphan.device === sighting.device && !isOther(orphan, sighting)) {
        // Whether it holds what was read of it shows when it is read.
        table.adopt(orphan, sighting)
        orphan.stops = context.channels.position(orphan.key)?.stops ?? []
        return orphan
      }
    const stream = table.begin(sighting)
    if (!this.#firstLook) return stream
    const flume = this.#flumePositions.find((one) => one.inode === sighting.inode && one.file === sighting.path)
    const offset =
      flume !== undefined && flume.pos <= sighting.size ? flume.pos : settings.skipToEnd ? sighting.size : 0
    if (offset > 0) {
      await this.#startAt(stream, offset)
      feed.put(stream, Batch.empty, stream.read, true)
    }
    return stream
  }

  async #startAt(stream: Stream, offset: number): Promise<void> {
    try {
      const content = await this.#parts.files.open(stream)
      if (content === undefined) return
      const head = await bytesAt(content, 0, Math.min(mostHead, offset))
      const tail = await bytesAt(content, Math.max(0, offset - mostTail), Math.min(mostTail, offset))
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
      } else if (!stream.final) {
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

  async #abandon(stream: Stream, reason: 'replaced' | 'gone' | 'finished'): Promise<void> {
    const { context, files, table } = this.#parts
    const unread = stream.size - stream.read.offset
    if (reason === 'gone' && unread > 0) {
      const message = `${stream.path} was deleted with ${unread} bytes unread`
      context.log.warn({ path: stream.path, bytes: unread }, message)
      context.reportEvent('SLUICE_FILE', message)
    } else context.log.info({ path: stream.path, offset: stream.read.offset }, `the file is ${reason}`)
    stream.goneSince ??= context.clock.monotonic()
    table.abandon(stream)
    if (this.#byPath.get(stream.path) === stream) this.#byPath.delete(stream.path)
    await files.close(stream)
  }

  /** A reader found that the stream's file holds something else than was read of it. */
  async replaced(stream: Stream): Promise<void> {
    if (!stream.orphan) await this.#abandon(stream, 'replaced')
  }

  /** The stream's path did not lead to it. The next look shows where it is. */
  lost(stream: Stream): void {
    this.#byPath.delete(stream.path)
  }

  atEnd(stream: Stream): void {
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
  if (sighting.size < stream.read.offset) return true
  return stream.born !== '' && sighting.born !== '' && stream.born !== sighting.born
}

async function bytesAt(content: FileContent, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, await content.read(buffer, position))
}
