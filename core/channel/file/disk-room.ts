import fs from 'node:fs/promises'
import type { Clock } from '../../clock.ts'
import { SluiceError } from '../../errors.ts'

/** How long a measurement counts, in milliseconds. */
const fresh = 100

/**
 * What room a channel's disk has. It is measured when somebody asks, never more often than every 100 ms; between two
 * measurements what is written is counted.
 */
export class DiskRoom {
  readonly #channel: string
  readonly #folder: string
  readonly #least: number
  readonly #clock: Clock
  #full = ''
  #free: number | undefined
  #written = 0
  #measuredAt = -Infinity
  #measuring = false
  /** Called after each measurement. */
  onMeasured: () => void = () => undefined

  /** `least`: bytes that stay free; below, nothing is let in. */
  constructor(channel: string, folder: string, least: number, clock: Clock) {
    this.#channel = channel
    this.#folder = folder
    this.#least = least
    this.#clock = clock
  }

  /** Bytes; undefined until measured. */
  get bytes(): number | undefined {
    if (!this.#measuring && this.#clock.monotonic() - this.#measuredAt >= fresh) void this.measure()
    return this.#free === undefined ? undefined : Math.max(0, this.#free - this.#written)
  }

  wrote(bytes: number): void {
    this.#written += bytes
    this.#full = ''
  }

  /** The disk refused to take more; it counts until something is written again. */
  refused(reason: string): void {
    this.#full = reason
  }

  /** Why nothing can be written, in words; empty when there is room. */
  get trouble(): string {
    return this.tooLittle()?.message ?? this.#full
  }

  /** Why nothing more may be let in: undefined when there is room. */
  tooLittle(): SluiceError | undefined {
    const free = this.bytes
    if (free === undefined || free >= this.#least) return undefined
    return new SluiceError(
      'SLUICE_DISK_FULL',
      `the disk under channel ${this.#channel} has ${free} bytes free, less than minimumRequiredSpace ${this.#least}`,
      { details: { channel: this.#channel, free, minimumRequiredSpace: this.#least } },
    )
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
