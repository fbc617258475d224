import { dirname } from 'node:path'
import { type FileContent, bytesAt, openContent } from './file-content.ts'
import { fingerprint, mostHead, mostTail, sameFingerprint } from './mark.ts'
import type { Stream } from './stream.ts'

/**
 * How a file's content relates to a stream: `whole`, all that was read of the stream is its beginning; `part`, it is
 * itself a beginning of what was read of the stream (a copy in the making); `other`, they have nothing in common.
 */
export type ContentMatch = 'whole' | 'part' | 'other'

export interface MatchedFile {
  readonly path: string
  readonly inodeKey: string
  readonly gzip: boolean
}

/** Compares one file's content with streams; open it, compare, close it. */
export class ContentMatcher {
  readonly #content: FileContent
  /** The file's first bytes. */
  readonly head: Buffer

  private constructor(content: FileContent, head: Buffer) {
    this.#content = content
    this.head = head
  }

  /** Undefined when the path leads elsewhere; rejects with the system's or zlib's error. */
  static async open(file: MatchedFile): Promise<ContentMatcher | undefined> {
    const content = await openContent(file, file.inodeKey)
    if (content === undefined) return undefined
    try {
      return new ContentMatcher(content, await bytesAt(content, 0, mostHead))
    } catch (error) {
      await content.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#content.close()
  }

  /** Cheap: false when the first bytes rule the stream out. */
  mayMatch(stream: Stream, path: string): boolean {
    if (this.head.length === 0) return false
    const { headStart, head } = stream
    const common = Math.min(headStart.length, this.head.length)
    if (common > 0 && headStart.compare(this.head, 0, common, 0, common) !== 0) return false
    if (dirname(stream.path) !== dirname(path)) return false
    if (stream.read.offset === 0) return common > 0
    if (this.head.length < head.length) return true
    return sameFingerprint(fingerprint(this.head.subarray(0, head.length)), head)
  }

  /** `original` reads the stream itself, where it can still be read. Call it in the order of the streams' offsets. */
  async match(stream: Stream, original: FileContent | undefined): Promise<ContentMatch> {
    const { offset, tail } = stream.read
    // Nothing is read of it yet, but it begins alike: it may be the original.
    if (offset === 0) return original === undefined ? 'other' : 'part'
    const from = offset - tail.length
    const found = await bytesAt(this.#content, from, tail.length)
    if (found.length === tail.length && this.head.length >= stream.head.length)
      return sameFingerprint(fingerprint(found), tail) ? 'whole' : 'other'
    if (original === undefined) return 'other'
    // It is shorter than what was read: its own end decides.
    const end = found.length > 0 ? from + found.length : await this.#size(from)
    const start = Math.max(0, end - mostTail)
    const own = await bytesAt(this.#content, start, end - start)
    const same = await bytesAt(original, start, end - start)
    return own.length > 0 && own.equals(same) ? 'part' : 'other'
  }

  /** Its size, known to be at most `most`. */
  async #size(most: number): Promise<number> {
    const buffer = Buffer.alloc(64 * 1024)
    for (let at = 0; at < most;) {
      const length = await this.#content.read(buffer, at)
      if (length < buffer.length) return at + length
      at += length
    }
    return most
  }
}
