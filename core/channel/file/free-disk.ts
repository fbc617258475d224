import fs from 'node:fs/promises'
import type { Clock } from '../../clock.ts'

/** How long a measurement counts, in milliseconds. */
const fresh = 100

/**
 * What is free on the disk of a folder, measured when somebody asks and never more often than every 100 ms. Between
 * two measurements it counts what is written.
 */
export class FreeDisk {
  readonly #folder: string
  readonly #clock: Clock
  #free: number | undefined
  #written = 0
  #measuredAt = -Infinity
  #measuring = false
  /** Called after each measurement. */
  onMeasured: () => void = () => undefined

  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Bytes; undefined until measured. */
  get bytes(): number | undefined {
    if (!this.#measuring && this.#clock.monotonic() - this.#measuredAt >= fresh) void this.measure()
    return this.#free === undefined ? undefined : Math.max(0, this.#free - this.#written)
  }

  wrote(bytes: number): void {
    this.#written += bytes
  }

  async measure(): Promise<void> {
    this.#measuring = true
    try {
      const disk = await fs.statfs(this.#folder)
      this.#free = disk.bavail * disk.bsize
      this.#written = 0
    } catch {
      // A disk that does not answer shows in writing; the last measurement stands.
    } finally {
      this.#measuredAt = this.#clock.monotonic()
      this.#measuring = false
      this.onMeasured()
    }
  }
}
