import { type FileHandle, open } from 'node:fs/promises'
import { segmentPath } from './segment-files.ts'

interface Opened {
  readonly file: Promise<FileHandle>
  users: number
}

/** An open file keeps the disk space of a segment that was drained and removed: no more than these are kept. */
const mostKept = 4

/** Segments opened to read from, each once, however many reads are under way in it; those used last stay open. */
export class SegmentHandles {
  readonly #folder: string
  readonly #opened = new Map<number, Opened>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Runs `read` on the segment's file. Rejects with `ENOENT` when it was removed before it was opened. */
  async with<T>(segment: number, read: (file: FileHandle) => Promise<T>): Promise<T> {
    const opened = this.#opened.get(segment) ?? { file: open(segmentPath(this.#folder, segment), 'r'), users: 0 }
    this.#opened.delete(segment)
    this.#opened.set(segment, opened)
    opened.users++
    try {
      return await read(await opened.file)
    } catch (error) {
      // Whether it could not be opened or not be read: the next one tries anew.
      if (this.#opened.get(segment) === opened && (await failed(opened.file))) this.#opened.delete(segment)
      throw error
    } finally {
      opened.users--
      await this.#closeOld()
    }
  }

  async #closeOld(): Promise<void> {
    for (const [segment, { file, users }] of this.#opened) {
      if (this.#opened.size <= mostKept) return
      if (users > 0) continue
      this.#opened.delete(segment)
      await (await file).close()
    }
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()]
    this.#opened.clear()
    for (const { file } of all) if (!(await failed(file))) await (await file).close()
  }
}

function failed(file: Promise<FileHandle>): Promise<boolean> {
  return file.then(
    () => false,
    () => true,
  )
}
