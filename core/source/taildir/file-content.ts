import { type FileHandle, open } from 'node:fs/promises'
import { GzipContent } from './gzip-content.ts'

/** Bytes of a file, from an open handle: they stay readable when the file is renamed or deleted. */
export interface FileContent {
  /** Fills `buffer` from byte `position` of the content on; returns how many there were, fewer at the end. */
  read(buffer: Buffer, position: number): Promise<number>
  /** Names that the file still has in its file system: none when it is deleted. */
  links(): Promise<number>
  close(): Promise<void>
}

class PlainContent implements FileContent {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    // One call and no second for the rest: between the two the file may become another.
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position)
    return bytesRead
  }

  async links(): Promise<number> {
    return (await this.#handle.stat()).nlink
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

export const isGzipName = (path: string) => /\.gz$/i.test(path)

/** Opens a file's content, decompressed where it is compressed; undefined when the path leads to another inode. */
export async function openContent(
  file: { path: string; gzip: boolean },
  inodeKey: string,
): Promise<FileContent | undefined> {
  const handle = await open(file.path, 'r')
  try {
    const { dev, ino } = await handle.stat({ bigint: true })
    if (`${dev}:${ino}` === inodeKey) return file.gzip ? new GzipContent(handle) : new PlainContent(handle)
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}

/** `length` bytes from `position` on, or as many as there are. */
export async function bytesAt(content: FileContent, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, await content.read(buffer, position))
}
