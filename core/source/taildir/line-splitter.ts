import type { BatchBuilder } from '../../event/batch-builder.ts'
import type { TextPattern } from '../../pattern/text-pattern.ts'
import { type TextForm, cutAt } from './text-form.ts'

/** What ends a line. `crlf`: LF, and a CR before it is removed (Flume's way); `lf`: LF alone; `any`: LF, CRLF or CR. */
export const lineEndings = ['crlf', 'lf', 'any'] as const
export type LineEnding = (typeof lineEndings)[number]

/** What becomes of a line over the limit: further events with the rest of it, or nothing (counted). */
export const longLinePolicies = ['split', 'truncate'] as const
export type LongLinePolicy = (typeof longLinePolicies)[number]

export interface SplitterSettings {
  /** Most bytes of one line, in the file's own encoding. */
  readonly maxLineLength: number
  readonly longLines: LongLinePolicy
  readonly lineEnding: LineEnding
  /** A line that it matches begins an event; every other line belongs to the event before it. */
  readonly startPattern: TextPattern | undefined
  /** Most events of one batch. */
  readonly batchSize: number
}

/** Takes an event whose body is `source[start … end)`. */
export type AddEvent = (builder: BatchBuilder, source: Buffer, start: number, end: number) => void

/** Where in a line reading stands when it does not stand at a line's start. */
export interface LineState {
  /** The line's beginning has become an event already: a line end right here ends that line and is no empty line. */
  midLine: boolean
  /** The rest of the line is not wanted. */
  skipping: boolean
}

/** What is known of the bytes that are to be split. */
export interface SplitRange {
  /** No event may begin at or behind this index. */
  readonly limit: number
  /** Nothing will ever follow these bytes. */
  readonly final: boolean
  /** More bytes are there already, they only did not fit. */
  readonly more: boolean
  /** The last event of several lines is complete, although no line that begins another follows. */
  readonly completes: boolean
}

/** A run of NUL bytes this long at the start of a line is a hole in the file, not text. */
const leastHole = 8

const lf = 10
const cr = 13

/**
 * Splits bytes of a file into events. It keeps nothing between two calls but `line` and the counts: what is not yet a
 * whole line stays unconsumed and is offered again, with more behind it.
 */
export class LineSplitter {
  readonly #settings: SplitterSettings
  readonly #form: TextForm
  readonly #add: AddEvent | undefined
  readonly line: LineState = { midLine: false, skipping: false }
  /** Lines that were over the limit. */
  longLines = 0
  /** Bytes of lines over the limit that were left out. */
  omittedBytes = 0
  /** NUL bytes that were stepped over. */
  holeBytes = 0
  /** The last call ended inside a run of NULs: whether that is a hole or bytes yet to come is not known. */
  inHole = false
  /** Where that run begins. */
  holeStart = 0
  #range: SplitRange = { limit: 0, final: false, more: false, completes: false }

  /** `add` is needed only where events are more than their bytes: another encoding, headers of their own. */
  constructor(settings: SplitterSettings, form: TextForm, add?: AddEvent) {
    this.#settings = settings
    this.#form = form
    this.#add = add
  }

  /**
   * Adds the whole events of `bytes` from `at` on to `builder`, until that has as many as a batch may have. Returns
   * where the first byte lies that was not consumed.
   */
  split(bytes: Buffer, at: number, builder: BatchBuilder, range: SplitRange): number {
    const { startPattern, lineEnding } = this.#settings
    this.#range = range
    this.inHole = false
    if (startPattern !== undefined) return this.#splitEvents(bytes, at, builder, startPattern)
    const plain = this.#add === undefined && lineEnding === 'crlf' && this.#form.recode === undefined
    return plain ? this.#splitPlain(bytes, at, builder) : this.#splitLines(bytes, at, builder)
  }

  /** Consumes what is left as it is: the end of the file for now. The line may go on later, as a further event. */
  flush(bytes: Buffer, at: number, builder: BatchBuilder): number {
    let end = bytes.length - ((bytes.length - at) % this.#form.unit)
    const unit = this.#form.unit
    const endsInCr = end - at >= unit && this.#form.codeAt(bytes, end - unit) === cr
    // A CR may be half of a line end: it waits.
    if (endsInCr && this.#settings.lineEnding !== 'lf') end -= unit
    if (unit === 1) end = cutAt(this.#form, bytes, at, end, true)
    if (end <= at) return at
    if (this.line.skipping) this.omittedBytes += end - at
    else {
      this.#addEvent(builder, bytes, at, end)
      this.line.midLine = true
    }
    return end
  }

  /** The loop that nearly all bytes go through. */
  #splitPlain(bytes: Buffer, at: number, builder: BatchBuilder): number {
    const { limit } = this.#range
    const { batchSize, maxLineLength } = this.#settings
    while (builder.count < batchSize && at < limit) {
      const newline = bytes.indexOf(lf, at)
      const end = newline > at && bytes[newline - 1] === cr ? newline - 1 : newline
      if (end < 0 || end - at > maxLineLength || bytes[at] === 0 || this.line.midLine || this.line.skipping) {
        const next = this.#oneLine(bytes, at, builder)
        if (next === at) break
        at = next
        continue
      }
      builder.addSlice(bytes, at, end)
      at = newline + 1
    }
    return at
  }

  #splitLines(bytes: Buffer, at: number, builder: BatchBuilder): number {
    const { limit } = this.#range
    while (builder.count < this.#settings.batchSize && at < limit) {
      const next = this.#oneLine(bytes, at, builder)
      if (next === at) break
      at = next
    }
    return at
  }

  /** One line with everything that can be the matter with it; returns `at` when it is not there as a whole. */
  #oneLine(bytes: Buffer, at: number, builder: BatchBuilder): number {
    const { unit } = this.#form
    const { final } = this.#range
    if (!this.line.midLine && !this.line.skipping && bytes[at] === 0) {
      const hole = this.#hole(bytes, at)
      if (hole !== undefined) return hole
    }
    const stop = this.#lineStop(bytes, at, final)
    const end = stop === undefined ? bytes.length - ((bytes.length - at) % unit) : stop.end
    if (this.line.skipping) {
      this.omittedBytes += end - at
      if (stop === undefined) {
        // A CR at the very end may be half of a line end.
        const held = !final && end > at && this.#form.codeAt(bytes, end - unit) === cr ? end - unit : end
        this.omittedBytes -= end - held
        return held
      }
      this.line.skipping = false
      this.line.midLine = false
      return stop.next
    }
    if (end - at > this.#settings.maxLineLength) return this.#longLine(bytes, at, builder)
    if (stop === undefined) return at
    if (this.line.midLine && end === at) {
      this.line.midLine = false
      return stop.next
    }
    this.line.midLine = false
    this.#addEvent(builder, bytes, at, end)
    return stop.next
  }

  #longLine(bytes: Buffer, at: number, builder: BatchBuilder): number {
    const cut = cutAt(this.#form, bytes, at, at + this.#settings.maxLineLength, false)
    if (!this.line.midLine) this.longLines++
    this.#addEvent(builder, bytes, at, cut)
    if (this.#settings.longLines === 'truncate') this.line.skipping = true
    this.line.midLine = true
    return cut
  }

  /** Where the line that begins at `at` ends and where the next begins; undefined when its end is not there yet. */
  #lineStop(bytes: Buffer, at: number, final: boolean): { end: number; next: number } | undefined {
    const { unit } = this.#form
    const { lineEnding } = this.#settings
    const newline = this.#form.find(bytes, lf, at)
    if (lineEnding === 'any') {
      const found = this.#form.find(bytes, cr, at)
      if (found >= 0 && (newline < 0 || found < newline)) {
        const behind = found + unit
        if (behind + unit > bytes.length) return final ? { end: found, next: bytes.length } : undefined
        return { end: found, next: this.#form.codeAt(bytes, behind) === lf ? behind + unit : behind }
      }
    }
    if (newline < 0) return final && bytes.length > at ? { end: bytes.length, next: bytes.length } : undefined
    const endsInCr = lineEnding !== 'lf' && newline - at >= unit && this.#form.codeAt(bytes, newline - unit) === cr
    return { end: endsInCr ? newline - unit : newline, next: newline + unit }
  }

  /**
   * Steps over a hole: NULs at the start of a line, left by a writer that went on where it was in a file cut to
   * nothing under it. NULs that reach to the end of what is there stay: they may be bytes that have not arrived.
   */
  #hole(bytes: Buffer, at: number): number | undefined {
    let end = at
    while (end < bytes.length && bytes[end] === 0) end++
    if (this.#form.unit === 2) end -= (end - at) % 2
    if (end - at < leastHole) return undefined
    if (end >= bytes.length - 1 && !this.#range.final) {
      if (!this.#range.more) return at
      this.inHole = true
      this.holeStart = at
    }
    this.holeBytes += end - at
    return end
  }

  /** Several lines an event: from a line that matches `startPattern` up to the next such line. */
  #splitEvents(bytes: Buffer, at: number, builder: BatchBuilder, startPattern: TextPattern): number {
    const { final, limit, completes } = this.#range
    const { batchSize, maxLineLength } = this.#settings
    while (builder.count < batchSize && at < limit) {
      const first = this.#lineStop(bytes, at, final)
      if (this.line.skipping || this.line.midLine || bytes[at] === 0 || first === undefined) {
        // The rest of an event that was cut goes line by line up to the line's end, as any other rest.
        const next = this.#oneLine(bytes, at, builder)
        if (next === at) return at
        at = next
        continue
      }
      let end = first.end
      let next = first.next
      let complete = false
      while (!complete && end - at <= maxLineLength) {
        const line = next < bytes.length ? this.#lineStop(bytes, next, final) : undefined
        if (line === undefined) {
          complete = final || completes
          break
        }
        if (startPattern.test(this.#form.text(bytes, next, line.end))) complete = true
        else {
          end = line.end
          next = line.next
        }
      }
      if (end - at > maxLineLength) {
        at = this.#longLine(bytes, at, builder)
        continue
      }
      if (!complete) return at
      this.#addEvent(builder, bytes, at, end)
      at = next
    }
    return at
  }

  #addEvent(builder: BatchBuilder, bytes: Buffer, start: number, end: number): void {
    if (this.#add !== undefined) this.#add(builder, bytes, start, end)
    else if (this.#form.recode === undefined) builder.addSlice(bytes, start, end)
    else builder.addBody(this.#form.recode(bytes, start, end))
  }
}
