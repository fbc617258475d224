import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, systemCode } from '../../errors.ts'
import type { SourceContext } from '../source.ts'
import { ContentMatcher, type MatchedFile } from './content-match.ts'
import { type FileContent, isGzipName, openContent } from './file-content.ts'
import { type FolderLook, sighting } from './folder-scan.ts'
import type { OpenFiles } from './open-files.ts'
import type { StreamTable } from './stream-table.ts'
import type { Sighting, Stream } from './stream.ts'

/** A copy or an archive carries a time of change that is not older than this much before the original's. */
const timeSlack = 2000

/**
 * Finds streams again by what is in them: in a copy (copytruncate), in an archive (.gz), under a name that no group
 * follows. A new file is held back while it may be such a copy, or its lines would enter the channel twice.
 */
export class StreamResolver {
  readonly #table: StreamTable
  readonly #files: OpenFiles
  readonly #context: SourceContext
  readonly #holdMilliseconds: number
  /** Files that were searched in vain, as they are now. */
  readonly #rejected = new Map<string, string>()

  constructor(table: StreamTable, files: OpenFiles, context: SourceContext, holdMilliseconds: number) {
    this.#table = table
    this.#files = files
    this.#context = context
    this.#holdMilliseconds = holdMilliseconds
  }

  /**
   * Decides about a new file: `own`, it is a stream of its own; `held`, that cannot be told yet; or the stream that goes
   * on in it. `resolved` are the streams of which that is known.
   */
  async resolve(fresh: Stream, resolved: readonly Stream[]): Promise<'own' | 'held' | Stream> {
    if (fresh.size === 0) return 'held'
    const originals = resolved.filter(isComparable)
    if (originals.length === 0 && !fresh.gzip) return 'own'
    const now = this.#context.clock.monotonic()
    if (fresh.heldSize !== fresh.size) {
      fresh.heldSize = fresh.size
      fresh.heldSince = now
    }
    let matcher: ContentMatcher | undefined
    try {
      matcher = await ContentMatcher.open(fresh)
    } catch (error) {
      // An archive in the making ends too early; anything else shows again when the file is read.
      if (!fresh.gzip) return 'own'
      fresh.note = `not read: ${errorText(error)}`
      return 'held'
    }
    if (matcher === undefined) return 'held'
    try {
      return await this.#decide(fresh, matcher, originals, now)
    } catch (error) {
      fresh.note = `not read: ${errorText(error)}`
      return fresh.gzip ? 'held' : 'own'
    } finally {
      await matcher.close()
    }
  }

  async #decide(fresh: Stream, matcher: ContentMatcher, originals: readonly Stream[], now: number) {
    const candidates = originals
      .filter((stream) => matcher.mayMatch(stream, fresh.path))
      .sort((a, b) => a.read.offset - b.read.offset)
    let held = false
    let heir: Stream | undefined
    for (const stream of candidates) {
      const match = await this.#match(matcher, stream)
      if (match === 'other') continue
      if (!stream.orphan) held ||= fresh.gzip || stream.goneSince === undefined
      else if (match === 'whole' && mayContinue(stream, fresh)) heir = stream
    }
    fresh.note = held ? 'held back: begins as another file does' : ''
    if (heir) return heir
    // An archive stands for its original as long as that is there; a plain file that merely begins alike may not wait.
    if (held && (fresh.gzip || now - fresh.heldSince < this.#holdMilliseconds)) return 'held'
    fresh.note = ''
    return 'own'
  }

  async #match(matcher: ContentMatcher, stream: Stream) {
    const held = this.#files.held(stream)
    let opened: FileContent | undefined
    try {
      if (held === undefined && !stream.orphan) opened = await openContent(stream, stream.inodeKey)
    } catch (error) {
      this.#context.log.debug({ path: stream.path, err: error }, 'a file cannot be compared')
    }
    try {
      return await matcher.match(stream, held ?? opened)
    } finally {
      await opened?.close()
    }
  }

  /** Looks for streams whose file is gone among the names that no group follows. Returns those found, and where. */
  async search(look: FolderLook): Promise<{ stream: Stream; sighting: Sighting }[]> {
    const { directory } = look
    const orphans = [...this.#table.orphans()].filter(
      (stream) => !stream.busy && stream.path.startsWith(join(directory, '/')),
    )
    const found: { stream: Stream; sighting: Sighting }[] = []
    if (orphans.length === 0 || look.names === undefined) return found
    const followed = new Set([...look.sightings.map((one) => one.path), ...look.skipped])
    for (const name of look.names) {
      const path = join(directory, name)
      if (followed.has(path)) continue
      const seen = await this.#see(path, orphans)
      if (seen === undefined || this.#table.find(seen)) continue
      const stream = await this.#streamIn(seen, orphans)
      if (stream) {
        orphans.splice(orphans.indexOf(stream), 1)
        found.push({ stream, sighting: { ...seen, group: stream.group } })
      }
    }
    return found
  }

  /** The file at `path` if it can be what is searched and was not searched before as it is. */
  async #see(path: string, orphans: readonly Stream[]): Promise<Sighting | undefined> {
    const [first] = orphans
    if (first === undefined) return undefined
    try {
      const stats = await stat(path, { bigint: true })
      if (!stats.isFile()) return undefined
      const seen = sighting(path, first.group, stats)
      const state = `${seen.inode} ${seen.size} ${seen.changedAt} ${orphans.map((stream) => stream.key).join()}`
      if (this.#rejected.get(path) === state) return undefined
      this.#rejected.set(path, state)
      return seen
    } catch (error) {
      if (systemCode(error) === 'ENOENT') this.#rejected.delete(path)
      return undefined
    }
  }

  async #streamIn(seen: Sighting, orphans: readonly Stream[]): Promise<Stream | undefined> {
    const gzip = isGzipName(seen.path)
    const renamed = orphans.find((stream) => stream.inode === seen.inode && stream.device === seen.device)
    if (renamed && !renamed.cut && !gzip) return seen.size > renamed.read.offset ? renamed : undefined
    const file: MatchedFile = { path: seen.path, inodeKey: `${seen.device}:${seen.inode}`, gzip }
    let matcher: ContentMatcher | undefined
    try {
      matcher = await ContentMatcher.open(file)
      if (matcher === undefined) return undefined
      let heir: Stream | undefined
      for (const stream of [...orphans].sort((a, b) => a.read.offset - b.read.offset))
        if (
          matcher.mayMatch(stream, seen.path) &&
          mayContinue(stream, { gzip, inode: seen.inode, changedAt: seen.changedAt }) &&
          (await matcher.match(stream, undefined)) === 'whole'
        )
          heir = stream
      return heir
    } catch (error) {
      this.#context.log.debug({ path: seen.path, err: error }, 'a file cannot be searched')
      // An archive in the making: it is searched again.
      this.#rejected.delete(seen.path)
      return undefined
    } finally {
      await matcher?.close()
    }
  }
}

/** A stream of which no byte is known is nothing to compare with: ten thousand new files need not be opened twice. */
const isComparable = ({ headStart, read }: Stream) => headStart.length > 0 || read.offset > 0

/**
 * An archive may continue any stream whose file is gone, a plain copy only one whose file was cut to nothing: a file
 * that is deleted and made anew with the same first lines is a new one.
 */
function mayContinue(stream: Stream, file: { gzip: boolean; inode: string; changedAt: number }): boolean {
  if (stream.gzip || stream.busy || file.changedAt < stream.changedAt - timeSlack) return false
  return file.gzip || stream.cut || stream.inode === file.inode
}
