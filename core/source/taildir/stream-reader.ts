import type { ChannelProcessor } from '../source.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import type { Batch } from '../../event/batch.ts'
import type { Headers } from '../../event/event.ts'
import { type AddEvent, LineSplitter, type SplitterSettings } from './line-splitter.ts'
import { type Mark, fingerprint, markAt, mostHead, mostTail, sameFingerprint } from './mark.ts'
import type { FileContent } from './file-content.ts'
import type { Stream } from './stream.ts'
import { type TextForm, detectForm } from './text-form.ts'

export interface ReaderSettings extends SplitterSettings {
  readonly form: TextForm
  /** Header with the path; undefined for none. */
  readonly fileHeader: string | undefined
  readonly byteOffsetHeader: string | undefined
  /** Most bytes of one stream that are read before others have their turn. */
  readonly turnBytes: number
  /** Most batches of one stream in a turn. */
  readonly turnBatches: number
}

/** `end`: all that is there is read; `more`: others first; `replaced`: what lies there now is something else. */
export type TurnEnd = 'end' | 'more' | 'blocked' | 'replaced'

/** What one turn at a stream may and must do. */
export interface Turn {
  readonly content: FileContent
  /** Whoever is called takes the batch on; false: no more of this stream for now. */
  put(batch: Batch, mark: Mark, prepared: boolean): boolean
  /** Nothing will ever be added to the stream. */
  readonly final: boolean
  /** What becomes of the unfinished end: `events` completes an event of several lines, `part` an unfinished line too. */
  readonly flush: 'nothing' | 'events' | 'part'
}

const readLength = 512 * 1024
const mostBatchBytes = 4 * 1024 * 1024

/** Reads streams into batches, one turn at a time, through one buffer that is used again and again. */
export class StreamReader {
  readonly #settings: ReaderSettings
  readonly #channels: Pick<ChannelProcessor, 'prepareHeaders'>
  readonly #buffer: Buffer
  readonly #head = Buffer.alloc(mostHead)
  /** Of the next batch: what the last one took, and a little more. */
  #expectedBytes = 64 * 1024
  /** Offset of the buffer's first byte. */
  #from = 0

  constructor(settings: ReaderSettings, channels: Pick<ChannelProcessor, 'prepareHeaders'>) {
    this.#settings = settings
    this.#channels = channels
    // A line at the limit and its end must fit behind the bytes that are compared, or it would never be consumed.
    this.#buffer = Buffer.allocUnsafe(Math.max(readLength, settings.maxLineLength + 8) + mostHead + mostTail)
  }

  async turn(stream: Stream, turn: Turn): Promise<TurnEnd> {
    const { turnBytes, turnBatches } = this.#settings
    if (!(await this.#isStill(stream, turn.content))) return 'replaced'
    const began = stream.read.offset
    let batches = 0
    let hole: Mark | undefined
    for (;;) {
      const from = stream.read.offset <= mostHead ? 0 : stream.read.offset - mostTail
      const length = await turn.content.read(this.#buffer, from)
      const bytes = this.#buffer.subarray(0, length)
      const at = stream.read.offset - from
      const { tail } = stream.read
      if (length < at || !sameFingerprint(fingerprint(bytes.subarray(at - tail.length, at)), tail)) return 'replaced'
      const atEnd = length < this.#buffer.length
      if (from === 0 && stream.headStart.length < 16)
        stream.headStart = Buffer.from(bytes.subarray(0, Math.min(16, length)))
      const splitter = this.#splitterOf(stream, bytes, from)
      if (splitter === undefined) return 'end'
      const chunk = this.#splitChunk(stream, splitter, bytes, from, !atEnd, turn)
      batches += chunk.batches
      hole = splitter.inHole ? (hole ?? chunk.hole) : undefined
      if (chunk.blocked || stream.broken) return 'blocked'
      if (atEnd) return 'end'
      if (hole === undefined && (batches >= turnBatches || stream.read.offset - began >= turnBytes)) return 'more'
      // NULs up to the end may be bytes that have not arrived: unless data follows, they are looked at again.
      if (hole !== undefined && !(await this.#leavesHole(stream, turn.content))) {
        stream.read = hole
        splitter.holeBytes = 0
        return 'end'
      }
    }
  }

  /** Steps through a hole that is larger than the buffer; false when it reaches to the end of what is there. */
  async #leavesHole(stream: Stream, content: FileContent): Promise<boolean> {
    let { offset } = stream.read
    for (;;) {
      const length = await content.read(this.#buffer, offset)
      const data = this.#buffer.subarray(0, length).findIndex((byte) => byte !== 0)
      if (data < 0 && length < this.#buffer.length) return false
      const skipped = data < 0 ? length : data - (data % 2)
      offset += skipped
      if (stream.splitter) stream.splitter.holeBytes += skipped
      if (data < 0) continue
      const before = Buffer.alloc(mostTail)
      stream.read = { ...markAt(before, mostTail, offset - mostTail, stream.read.line) }
      return true
    }
  }

  /** Splits one buffer full into as many batches as it takes. */
  #splitChunk(stream: Stream, splitter: LineSplitter, bytes: Buffer, from: number, more: boolean, turn: Turn) {
    const flush = more ? 'nothing' : turn.flush
    const range = { limit: bytes.length, final: turn.final && !more, more, completes: flush !== 'nothing' }
    const prepared = this.#settings.byteOffsetHeader === undefined
    this.#from = from
    let at = Math.max(stream.read.offset - from, from === 0 ? stream.markLength : 0)
    let batches = 0
    let hole: Mark | undefined
    while (at < bytes.length) {
      const builder = new BatchBuilder(this.#expectedBytes)
      builder.shareHeaders(this.#channels.prepareHeaders(this.#headersOf(stream)))
      const start = from + at
      const stop = stream.stops.find((offset) => offset > start)
      range.limit = stop === undefined ? bytes.length : Math.min(bytes.length, stop - from)
      let next = splitter.split(bytes, at, builder, range)
      if (flush === 'part' && next < bytes.length && builder.count < this.#settings.batchSize)
        next = splitter.flush(bytes, next, builder)
      if (next === at) break
      at = next
      if (stream.head.length < mostHead && from === 0)
        stream.head = fingerprint(bytes.subarray(0, Math.min(mostHead, at)))
      stream.read = markAt(bytes, at, from, splitter.line)
      if (splitter.inHole) hole = markAt(bytes, splitter.holeStart, from, splitter.line)
      if (builder.count === 0) continue
      batches++
      this.#expectedBytes = expectation(this.#expectedBytes, builder.length)
      if (!turn.put(builder.finish(), hole ?? stream.read, prepared)) return { hole, batches, blocked: true }
    }
    return { hole, batches, blocked: false }
  }

  /** The head is compared once a turn, the bytes before the reading place with every read. */
  async #isStill(stream: Stream, content: FileContent): Promise<boolean> {
    if (stream.read.offset <= mostHead) return true
    const length = await content.read(this.#head, 0)
    return sameFingerprint(fingerprint(this.#head.subarray(0, Math.min(length, stream.head.length))), stream.head)
  }

  #splitterOf(stream: Stream, bytes: Buffer, from: number): LineSplitter | undefined {
    if (stream.splitter) return stream.splitter
    // Two bytes of a mark of three say nothing yet.
    if (from === 0 && bytes.length < 3 && (bytes[0] ?? 0) >= 0xef) return undefined
    const { form, markLength } = detectForm(from === 0 ? bytes : this.#head, this.#settings.form)
    stream.markLength = markLength
    stream.splitter = new LineSplitter(this.#settings, form, this.#addEvent(stream, form))
    Object.assign(stream.splitter.line, stream.read.line)
    return stream.splitter
  }

  /** Events with headers of their own are made one by one; all others go the short way. */
  #addEvent(stream: Stream, form: TextForm): AddEvent | undefined {
    const { byteOffsetHeader } = this.#settings
    if (byteOffsetHeader === undefined) return undefined
    return (builder, source, start, end) => {
      const headers = new Map([...this.#headersOf(stream), [byteOffsetHeader, String(this.#from + start)]])
      builder.addEvent(headers, form.recode ? form.recode(source, start, end) : source.subarray(start, end))
    }
  }

  #headersOf(stream: Stream): Headers {
    const { fileHeader } = this.#settings
    if (fileHeader === undefined) return stream.group.headers
    return new Map([...stream.group.headers, [fileHeader, stream.path]])
  }
}

/** Follows the largest batches at once and the smaller ones slowly: growing a buffer costs a copy of it. */
function expectation(before: number, last: number): number {
  return Math.min(mostBatchBytes, Math.max(last + (last >> 2), before - (before >> 4)))
}
