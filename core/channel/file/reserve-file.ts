import fs from 'node:fs'
import { reservePath } from './segment-files.ts'

/** Bytes that SQLite needs to open an index and its log. */
const leastRoom = 1 << 20

/**
 * Room that is kept for a full disk: when the index cannot grow, this file is removed, so that acknowledgements still
 * fit and draining can make room. Its blocks are real (written, not just promised).
 */
export class ReserveFile {
  readonly #file: string
  readonly #size: number
  readonly #folder: string
  #there = false

  constructor(folder: string, size: number) {
    this.#folder = folder
    this.#file = reservePath(folder)
    this.#size = size
  }

  /** Makes the file where it is missing and there is room for it several times over. */
  make(): void {
    if (this.#there || this.#size === 0) return
    try {
      if (fs.existsSync(this.#file) && fs.statSync(this.#file).size === this.#size) {
        this.#there = true
        return
      }
      const disk = fs.statfsSync(this.#folder)
      if (disk.bavail * disk.bsize < this.#size * 2) return
      const part = Buffer.alloc(1 << 20)
      const descriptor = fs.openSync(this.#file, 'w')
      try {
        for (let at = 0; at < this.#size; at += part.length)
          fs.writeSync(descriptor, part, 0, Math.min(part.length, this.#size - at), at)
      } finally {
        fs.closeSync(descriptor)
      }
      this.#there = true
    } catch {
      // No room for a reserve is no error: it is tried again with the next sync.
      fs.rmSync(this.#file, { force: true })
    }
  }

  /** Does `work`, and once more without the reserve when it failed on a disk that has no room left. */
  withRoom<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      const { bavail, bsize } = fs.statfsSync(this.#folder)
      if (bavail * bsize >= leastRoom || !this.giveUp()) throw error
      return work()
    }
  }

  /** Frees the room; false when it was not there. */
  giveUp(): boolean {
    if (!this.#there && !fs.existsSync(this.#file)) return false
    fs.rmSync(this.#file, { force: true })
    this.#there = false
    return true
  }
}
