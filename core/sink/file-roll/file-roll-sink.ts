import { access, constants, mkdir, open, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { Lease } from '../../channel/channel.ts'
import { EventRanges } from '../../channel/event-ranges.ts'
import { errorText, SluiceError } from '../../errors.ts'
import type { Batch } from '../../event/batch.ts'
import type { EventSerializer } from '../../serializer/serializer.ts'
import type { PathEscapes } from '../path-escapes.ts'
import type { Sink, SinkContext } from '../sink.ts'
import { DeliveryJournal } from './delivery-journal.ts'
import { RollingFile } from './rolling-file.ts'

export interface FileRollSettings {
  /** Absolute; may have escapes. */
  readonly directory: string
  readonly escapes: PathEscapes
  readonly batchSize: number
  /** Milliseconds after which a file is ended; 0 is never. */
  readonly rollInterval: number
  /** Bytes, and events, after which a file is ended; 0 is never. */
  readonly rollSize: number
  readonly rollCount: number
  readonly maxOpenFiles: number
  readonly inUseSuffix: string
  readonly name: (number: number) => string
  readonly serializer: () => EventSerializer
}

/** Writes events to files, and begins a new file from time to time. A delivery is on the disk when it resolves. */
export class FileRollSink implements Sink {
  readonly batchSize: number
  readonly concurrency = 1
  readonly #settings: FileRollSettings
  readonly #context: SinkContext
  readonly #files = new Map<string, RollingFile>()
  readonly #journal: DeliveryJournal
  readonly #journalFolder: string
  #sender: string | undefined
  /** Below it all of that sender's events are settled, here or by another sink of the channel. */
  #floor = 0
  /** Which of the others are in the files. Not just up to a number: another sink may give back earlier ones. */
  #written = new EventRanges()
  /** True when the channel gives its events numbers that outlive a crash. */
  #journaled = false

  constructor(settings: FileRollSettings, context: SinkContext) {
    this.batchSize = settings.batchSize
    this.#settings = settings
    this.#context = context
    this.#journalFolder = join(context.dataDirectory, 'sinks')
    this.#journal = new DeliveryJournal(join(this.#journalFolder, `${context.name}.delivered`))
  }

  async start(): Promise<void> {
    const { directory, escapes } = this.#settings
    if (escapes.constant) await checkDirectory(directory)
    await mkdir(this.#journalFolder, { recursive: true, mode: 0o700 })
    const last = await this.#journal.open()
    if (!last) return
    this.#sender = last.sender
    this.#floor = last.floor
    this.#written = EventRanges.of(last.written)
    for (const [path, length] of Object.entries(last.files)) await cutBack(path, length)
  }

  async stop(): Promise<void> {
    for (const file of this.#files.values()) await this.#close(file)
    this.#files.clear()
    await this.#journal.close()
  }

  async deliver(lease: Lease): Promise<void> {
    const { counters } = this.#context
    const { identity } = lease
    counters.eventDrainAttemptCount += lease.count
    this.#journaled = identity !== undefined
    if (identity) {
      if (identity.sender !== this.#sender) {
        this.#sender = identity.sender
        this.#floor = 0
        this.#written = new EventRanges()
      }
      this.#floor = Math.max(this.#floor, identity.floor)
      this.#written.dropBelow(this.#floor)
    }
    const first = identity?.firstEvent ?? 0
    const next = first + lease.count
    // The others were written before a crash that came before the channel had taken note.
    const missing = identity ? this.#written.missing(Math.max(first, this.#floor), next) : [[first, next] as const]
    const touched = new Set<RollingFile>()
    try {
      let at = first
      for (const batch of lease.batches) {
        for (const [from, to] of missing) {
          const start = Math.max(from - at, 0)
          const end = Math.min(to - at, batch.count)
          if (start < end) await this.#write(batch.slice(start, end), touched)
        }
        at += batch.count
      }
      for (const file of touched) await file.sync()
      if (identity) {
        this.#written.add(first, next)
        await this.#note(touched)
      }
      for (const file of touched) file.confirm()
    } catch (error) {
      counters.eventWriteFail++
      if (identity) for (const [from, to] of missing) this.#written.remove(from, to)
      for (const file of touched) await this.#undo(file)
      throw error instanceof SluiceError
        ? error
        : new SluiceError('SLUICE_FILE', `cannot write below ${this.#settings.directory}: ${errorText(error)}`, {
            cause: error,
          })
    }
    counters.eventDrainSuccessCount += lease.count
    counters.bytesDelivered += lease.bytes
    await this.#rollWhatIsDue()
  }

  /** Writes down what is in the files once those in `touched` are confirmed. */
  #note(touched: ReadonlySet<RollingFile>): Promise<void> {
    return this.#journal.write({
      sender: this.#sender,
      floor: this.#floor,
      written: [...this.#written],
      files: this.#lengths(touched),
    })
  }

  async #undo(file: RollingFile): Promise<void> {
    try {
      await file.undo()
    } catch (error) {
      // The file is ended where it is; the next delivery begins another, and the journal cuts this one at the next start.
      this.#context.log.error({ error, path: file.path }, `cannot cut a file back: ${errorText(error)}`)
      for (const [directory, one] of this.#files) if (one === file) this.#files.delete(directory)
    }
  }

  /** Confirmed length of every open file once the files in `touched` are confirmed. */
  #lengths(touched: ReadonlySet<RollingFile>): Record<string, number> {
    const lengths: Record<string, number> = {}
    for (const file of this.#files.values())
      if (file.path !== undefined) lengths[file.path] = touched.has(file) ? file.length : file.confirmed
    return lengths
  }

  async #write(batch: Batch, touched: Set<RollingFile>): Promise<void> {
    const { directory, escapes } = this.#settings
    if (escapes.constant) {
      await this.#writeTo(directory, batch, touched)
      return
    }
    // Runs of events of one directory stay together, so that each file keeps the order.
    let from = 0
    let current = ''
    for (let index = 0; index < batch.count; index++) {
      const path = safePath(escapes.expand(batch.event(index).headers), directory)
      if (path !== current && index > from) {
        await this.#writeTo(current, batch.slice(from, index), touched)
        from = index
      }
      current = path
    }
    await this.#writeTo(current, batch.slice(from, batch.count), touched)
  }

  async #writeTo(directory: string, batch: Batch, touched: Set<RollingFile>): Promise<void> {
    const { name, inUseSuffix, serializer: make, maxOpenFiles } = this.#settings
    let file = this.#files.get(directory)
    if (!file) {
      if (this.#files.size >= maxOpenFiles) await this.#closeLeastUsed(touched)
      file = new RollingFile({ directory, name, inUseSuffix, serializer: make })
      this.#files.set(directory, file)
    }
    const fresh = file.path === undefined
    const serializer = await file.opened(this.#context.clock.now())
    // Flume counts files as connections.
    if (fresh) this.#context.counters.connectionCreatedCount++
    touched.add(file)
    // A file must be in the journal before it has an event: after a crash only what is in there is cut back.
    if (fresh && this.#journaled) await this.#note(new Set())
    const parts: Buffer[] = []
    if (serializer.writeBatch) parts.push(serializer.writeBatch(batch))
    else for (const event of batch.events()) serializer.write(event, parts)
    serializer.flush(parts)
    await file.write(parts, batch.count)
  }

  async #closeLeastUsed(touched: ReadonlySet<RollingFile>): Promise<void> {
    const [oldest] = [...this.#files]
      .filter(([, file]) => !touched.has(file))
      .sort(([, a], [, b]) => a.usedAt - b.usedAt)
    if (!oldest) return
    this.#files.delete(oldest[0])
    await this.#close(oldest[1])
  }

  async #close(file: RollingFile): Promise<void> {
    const open = file.path !== undefined
    await file.close()
    if (open) this.#context.counters.connectionClosedCount++
  }

  async #rollWhatIsDue(): Promise<void> {
    const { rollInterval, rollSize, rollCount } = this.#settings
    const now = this.#context.clock.now()
    for (const [directory, file] of this.#files) {
      const due =
        (rollInterval > 0 && now - file.openedAt >= rollInterval) ||
        (rollSize > 0 && file.confirmed >= rollSize) ||
        (rollCount > 0 && file.events >= rollCount)
      if (!due) continue
      await this.#close(file)
      if (!this.#settings.escapes.constant) this.#files.delete(directory)
    }
  }

  /** Ends a file that is due although nothing comes. */
  idle(): Promise<void> {
    return this.#rollWhatIsDue()
  }
}

async function checkDirectory(directory: string): Promise<void> {
  try {
    if (!(await stat(directory)).isDirectory()) throw new Error('it is no directory')
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SluiceError(
      'SLUICE_FILE',
      `cannot write to ${directory}: ${errorText(error)}. Make it, or give another.`,
      {
        cause: error,
        details: { directory },
      },
    )
  }
}

/** A header's value becomes part of a path: it must not lead out of where the configuration says. */
function safePath(path: string, pattern: string): string {
  const root = resolve(pattern.slice(0, pattern.indexOf('%')).replace(/[^/\\]*$/, ''))
  const full = resolve(path)
  if (full !== root && !full.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new SluiceError('SLUICE_REFUSED', `an event's headers lead out of ${root}`, { details: { root } })
  return full
}

async function cutBack(path: string, length: number): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  )
  if (size <= length) return
  const file = await open(path, 'r+')
  try {
    await file.truncate(length)
    await file.datasync()
  } finally {
    await file.close()
  }
}
