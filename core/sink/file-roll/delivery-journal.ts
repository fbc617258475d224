import { open, readFile, rename, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'

/** What was written when a delivery was complete. */
export interface DeliveryRecord {
  /** The channel that the events came from; undefined when it is not durable. */
  readonly sender: string | undefined
  /**
   * Every event of that channel below this number was settled when the channel last said so: it may come again after a crash,
   * because the channel takes note of deliveries a little later.
   */
  readonly floor: number
  /** Ranges `[first, next)` of its other events that are in the files. Several, when other sinks take from the channel, too. */
  readonly written: readonly (readonly [number, number])[]
  /** Confirmed length of each file that is open. */
  readonly files: Readonly<Record<string, number>>
}

const eventNumber = z.number().int().nonnegative()
const recordSchema = z.object({
  sender: z.string().optional(),
  floor: eventNumber,
  written: z.array(z.tuple([eventNumber, eventNumber])),
  files: z.record(z.string(), z.number().int().nonnegative()),
})

const mostBytes = 1 << 20

/**
 * Remembers, on disk before the channel is told, what a file sink has written. After a crash the sink cuts its files to the
 * confirmed length and skips events that it has, so that a file holds each event once although the channel delivers again.
 * A log of JSON lines; the last whole one counts; begun anew, by an atomic rename, when it grows.
 */
export class DeliveryJournal {
  readonly #path: string
  #file: FileHandle | undefined
  #length = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Opens the journal; resolves with its last record, undefined when there is none. */
  async open(): Promise<DeliveryRecord | undefined> {
    let last: DeliveryRecord | undefined
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    // What follows the last newline was cut by a crash.
    for (const line of text.split('\n').slice(0, -1).reverse()) {
      last = parseRecord(line)
      if (last) break
    }
    await this.#begin(last)
    return last
  }

  async #begin(record: DeliveryRecord | undefined): Promise<void> {
    const fresh = `${this.#path}.new`
    const file = await open(fresh, 'w', 0o600)
    const text = record ? `${JSON.stringify(record)}\n` : ''
    await file.writeFile(text)
    await file.datasync()
    await rename(fresh, this.#path)
    await this.#file?.close()
    this.#file = file
    this.#length = Buffer.byteLength(text)
  }

  /** Resolves when the record would survive a power cut. */
  async write(record: DeliveryRecord): Promise<void> {
    if (!this.#file || this.#length > mostBytes) {
      await this.#begin(record)
      return
    }
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    try {
      await this.#file.write(line, 0, line.length, this.#length)
      await this.#file.datasync()
    } catch (error) {
      // The next write begins a new journal instead of trusting this one.
      this.#length = Infinity
      throw error
    }
    this.#length += line.length
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}

function parseRecord(line: string): DeliveryRecord | undefined {
  try {
    const { sender, floor, written, files } = recordSchema.parse(JSON.parse(line))
    return { sender, floor, written, files }
  } catch {
    return undefined
  }
}
