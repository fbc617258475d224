import { mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EventSerializer } from '../../serializer/serializer.ts'
import { systemCode } from '../../errors.ts'

export interface RollingFileOptions {
  readonly directory: string
  /** The name of file number `number`, without its directory. */
  readonly name: (number: number) => string
  readonly inUseSuffix: string
  readonly serializer: () => EventSerializer
}

/**
 * The file of one directory that is being written: made when the first bytes come, synced at the end of each delivery, cut back
 * to what is confirmed when a delivery fails, so that a retry writes nothing twice. Never opens a file that exists.
 */
export class RollingFile {
  readonly #options: RollingFileOptions
  #number = 0
  #file: FileHandle | undefined
  #path = ''
  #length = 0
  #confirmed = 0
  #openedAt = 0
  #events = 0
  #serializer: EventSerializer | undefined
  #usedAt = 0

  constructor(options: RollingFileOptions) {
    this.#options = options
  }

  /** The path that is being written, with its in-use suffix; undefined when no file is open. */
  get path(): string | undefined {
    return this.#file ? this.#path : undefined
  }

  /** Bytes written, confirmed or not. */
  get length(): number {
    return this.#length
  }

  /** Bytes that a failure or a crash leaves in place. */
  get confirmed(): number {
    return this.#confirmed
  }

  get events(): number {
    return this.#events
  }

  get openedAt(): number {
    return this.#openedAt
  }

  get usedAt(): number {
    return this.#usedAt
  }

  /** The serializer of the file, which is opened first when there is none. */
  async opened(now: number): Promise<EventSerializer> {
    this.#usedAt = now
    if (this.#file && this.#serializer) return this.#serializer
    const { directory, name, inUseSuffix, serializer } = this.#options
    await mkdir(directory, { recursive: true })
    for (;;) {
      this.#path = join(directory, name(++this.#number) + inUseSuffix)
      try {
        this.#file = await open(this.#path, 'wx')
        break
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error
      }
    }
    await syncDirectory(directory)
    this.#length = 0
    this.#confirmed = 0
    this.#events = 0
    this.#openedAt = now
    this.#serializer = serializer()
    await this.write([this.#serializer.begin()], 0)
    return this.#serializer
  }

  async write(parts: readonly Buffer[], events: number): Promise<void> {
    if (!this.#file) return
    let left = parts.filter((part) => part.length > 0)
    while (left.length > 0) {
      const some = left.slice(0, 1024)
      const { bytesWritten } = await this.#file.writev(some, this.#length)
      this.#length += bytesWritten
      let rest = bytesWritten
      while (left[0] && rest >= left[0].length) rest -= left.shift()?.length ?? 0
      if (left[0] && rest > 0) left = [left[0].subarray(rest), ...left.slice(1)]
    }
    this.#events += events
  }

  /** Resolves when all that was written would survive a power cut. */
  async sync(): Promise<void> {
    await this.#file?.datasync()
  }

  /** What was synced counts from now on: a failure later cuts back to here. */
  confirm(): void {
    this.#confirmed = this.#length
  }

  /** Takes back what is not confirmed. */
  async undo(): Promise<void> {
    if (!this.#file || this.#length === this.#confirmed) return
    await this.#file.truncate(this.#confirmed)
    this.#length = this.#confirmed
  }

  /** Ends the file and gives it its final name. The next write begins another. */
  async close(): Promise<void> {
    const file = this.#file
    if (!file) return
    try {
      if (this.#serializer) await this.write([this.#serializer.end()], 0)
      await file.datasync()
    } finally {
      this.#file = undefined
      this.#serializer = undefined
      await file.close()
    }
    const { inUseSuffix } = this.#options
    if (inUseSuffix !== '') {
      await rename(this.#path, this.#path.slice(0, -inUseSuffix.length))
      await syncDirectory(dirname(this.#path))
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
