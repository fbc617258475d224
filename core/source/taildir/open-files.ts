import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import type { Stream } from './stream.ts'

/** Bytes of a file, from an open handle: they stay readable when the file is renamed or deleted. */
export interface FileContent {
  /** Fills `buffer` from byte `position` of the content on; returns how many there were, fewer only at the end. */
  read(buffer: Buffer, position: number): Promise<number>
  close(): Promise<void>
}

class PlainContent implements FileContent {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

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
    let handle: FileHandle
    try {
      handle = await open(stream.path, 'r')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      if (systemCode(error) === 'EMFILE' || systemCode(error) === 'ENFILE')
        await this.#makeRoom(Math.floor(this.#contents.size / 2))
      throw error
    }
    const { dev, ino } = await handle.stat({ bigint: true })
    if (`${dev}:${ino}` !== stream.inodeKey) {
      await handle.close()
      return undefined
    }
    const content = new PlainContent(handle)
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
