import { systemCode } from '../../errors.ts'
import { type FileContent, openContent } from './file-content.ts'
import type { Stream } from './stream.ts'

/** The handles of the streams that are read, at most `limit` of them: the one not used for longest is closed first. */
export class OpenFiles {
  readonly #limit: number
  readonly #contents = new Map<Stream, FileContent>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get count(): number {
    return this.#contents.size
  }

  /** True when one more can be opened without closing another. */
  get hasRoom(): boolean {
    return this.#contents.size < this.#limit
  }

  /** The stream's content, when it is open. */
  held(stream: Stream): FileContent | undefined {
    return this.#contents.get(stream)
  }

  has(stream: Stream): boolean {
    return this.#contents.has(stream)
  }

  /** The stream's content; undefined when its path does not lead to it (any more). Rejects with the system's error. */
  async open(stream: Stream): Promise<FileContent | undefined> {
    const held = this.#contents.get(stream)
    if (held) {
      this.#contents.delete(stream)
      this.#contents.set(stream, held)
      return held
    }
    if (stream.orphan) return undefined
    await this.#makeRoom(this.#limit - 1)
    let content: FileContent | undefined
    try {
      content = await openContent(stream, stream.inodeKey)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      if (systemCode(error) === 'EMFILE' || systemCode(error) === 'ENFILE')
        await this.#makeRoom(Math.floor(this.#contents.size / 2))
      throw error
    }
    if (content === undefined) return undefined
    const other = this.#contents.get(stream)
    if (other !== undefined) {
      // A reader and a look came for it at the same time: one handle is enough, and the other would never be closed.
      await content.close()
      return other
    }
    this.#contents.set(stream, content)
    return content
  }

  /** Closes what is open beyond `most`, the least recently used first; files that nothing else leads to stay. */
  async #makeRoom(most: number): Promise<void> {
    for (const [stream] of this.#contents) {
      if (this.#contents.size <= Math.max(0, most)) return
      if (!stream.busy && stream.goneSince === undefined) await this.close(stream)
    }
  }

  async close(stream: Stream): Promise<void> {
    const content = this.#contents.get(stream)
    this.#contents.delete(stream)
    await content?.close()
  }

  async closeAll(): Promise<void> {
    for (const [stream] of [...this.#contents]) await this.close(stream)
  }
}
