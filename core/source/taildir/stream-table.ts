import type { SourcePosition } from '../../channel/channel.ts'
import type { FileGroup } from './file-group.ts'
import { decodeState } from './stored-position.ts'
import { type Sighting, Stream } from './stream.ts'

/** All streams of a source: those that a file is known for, by inode, and the others. */
export class StreamTable {
  readonly #byInode = new Map<string, Stream>()
  readonly #orphans = new Set<Stream>()
  readonly #orphanByInode = new Map<string, Stream>()
  readonly #newKey: (sighting: Sighting) => string

  /** `newKey` makes a key that no stream ever had. */
  constructor(newKey: (sighting: Sighting) => string) {
    this.#newKey = newKey
  }

  *all(): Generator<Stream> {
    yield* this.#byInode.values()
    yield* this.#orphans
  }

  get count(): number {
    return this.#byInode.size + this.#orphans.size
  }

  orphans(): ReadonlySet<Stream> {
    return this.#orphans
  }

  followed(): Iterable<Stream> {
    return this.#byInode.values()
  }

  find(sighting: Sighting): Stream | undefined {
    return this.#byInode.get(`${sighting.device}:${sighting.inode}`)
  }

  /** A stream of its own for the file, from its first byte. */
  begin(sighting: Sighting): Stream {
    const stream = new Stream(this.#newKey(sighting), sighting)
    this.#byInode.set(stream.inodeKey, stream)
    return stream
  }

  /** The file's inode holds something else now, or nothing: the stream can only be found again by its content. */
  abandon(stream: Stream): void {
    if (this.#byInode.get(stream.inodeKey) === stream) this.#byInode.delete(stream.inodeKey)
    stream.orphan = true
    this.#orphans.add(stream)
    this.#orphanByInode.set(stream.inodeKey, stream)
  }

  /** The stream goes on in this file. */
  adopt(stream: Stream, sighting: Sighting): void {
    if (this.#byInode.get(stream.inodeKey) === stream) this.#byInode.delete(stream.inodeKey)
    this.#noOrphan(stream)
    stream.orphan = false
    stream.seen(sighting)
    this.#byInode.set(stream.inodeKey, stream)
  }

  forget(stream: Stream): void {
    if (this.#byInode.get(stream.inodeKey) === stream) this.#byInode.delete(stream.inodeKey)
    this.#noOrphan(stream)
  }

  /** The last stream that the file's inode held before it was lost sight of. */
  findOrphan(sighting: Sighting): Stream | undefined {
    return this.#orphanByInode.get(`${sighting.device}:${sighting.inode}`)
  }

  #noOrphan(stream: Stream): void {
    this.#orphans.delete(stream)
    if (this.#orphanByInode.get(stream.inodeKey) === stream) this.#orphanByInode.delete(stream.inodeKey)
  }

  /** Takes up what the channels know: every stream is an orphan until its file is found. */
  restore(position: SourcePosition, group: FileGroup): boolean {
    const decoded = decodeState(position)
    if (decoded === undefined) return false
    const { state, mark } = decoded
    const stream = new Stream(position.key, { ...state, group, size: position.offset })
    stream.goOnAt(mark, state.head)
    this.abandon(stream)
    return true
  }
}
