import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { SluiceError } from '../../errors.ts'
import { diskError } from './failure.ts'
import type { ChannelState, Segment } from './channel-state.ts'
import { frameHeaderSize, saltOf, writeFrameHeader } from './frame.ts'
import { encodeMeta } from './frame-meta.ts'
import { segmentPath, syncFolder } from './segment-files.ts'

/** Most buffers that one `writev` takes (Linux's IOV_MAX). */
const mostBuffers = 1024

/** Writes all of `parts` at `at`, through short writes; a write that moves nothing is a full disk. */
export function writeFully(descriptor: number, parts: readonly Uint8Array[], at: number): number {
  let done = 0
  let index = 0
  let skip = 0
  while (index < parts.length) {
    const some = parts.slice(index, index + mostBuffers)
    if (skip > 0) some[0] = some[0]!.subarray(skip)
    let written = fs.writevSync(descriptor, some, at + done)
    done += written
    if (written === 0 && some.some((part) => part.length > 0))
      throw Object.assign(new Error('ENOSPC: nothing was written'), { code: 'ENOSPC' })
    while (index < parts.length && written >= parts[index]!.length - skip) {
      written -= parts[index]!.length - skip
      skip = 0
      index++
    }
    skip += written
  }
  return done
}

/**
 * Writes frames to the newest segment and starts the next one when it is full. What `append` has returned from is on
 * the disk. After an error nothing of the append counts: the file ends at the last good frame, or is left for good.
 */
export class SegmentWriter {
  readonly #folder: string
  readonly #state: ChannelState
  readonly #segmentSize: number
  #descriptor: number | undefined
  #segment: Segment | undefined

  constructor(folder: string, state: ChannelState, segmentSize: number) {
    this.#folder = folder
    this.#state = state
    this.#segmentSize = segmentSize
    const last = state.segments.at(-1)
    if (last !== undefined && !last.sealed) {
      this.#descriptor = fs.openSync(segmentPath(folder, last.id), 'r+')
      this.#segment = last
    }
  }

  /** The segment the next frames go to, after making room for `total` bytes: a new one when the old one is full. */
  prepare(total: number, at: number): Segment {
    const segment = this.#segment
    if (segment !== undefined) {
      // A group larger than a segment gets one to itself.
      const fresh = segment.nextEvent === segment.firstEvent && segment.length < this.#segmentSize
      if (fresh || segment.length + total <= this.#segmentSize) return segment
    }
    return this.#rotate(at)
  }

  #rotate(at: number): Segment {
    const state = this.#state
    const id = Math.max(state.droppedSegment, state.segments.at(-1)?.id ?? 0) + 1
    const file = segmentPath(this.#folder, id)
    let descriptor: number | undefined
    let length: number
    try {
      descriptor = fs.openSync(file, 'w+')
      length = writeFully(descriptor, stateFrame(state, id, at), 0)
      fs.fdatasyncSync(descriptor)
      syncFolder(this.#folder)
    } catch (error) {
      if (descriptor !== undefined) {
        fs.closeSync(descriptor)
        fs.rmSync(file, { force: true })
      }
      throw diskError(error, `cannot start segment ${file}`)
    }
    this.seal()
    const segment: Segment = { id, firstEvent: state.nextEvent, nextEvent: state.nextEvent, length, sealed: false }
    state.segments.push(segment)
    state.changes.segments.add(segment)
    this.#descriptor = descriptor
    this.#segment = segment
    return segment
  }

  /** Appends to the segment that `prepare` gave and waits for the disk. */
  append(parts: readonly Uint8Array[]): void {
    const segment = this.#segment
    if (segment === undefined || this.#descriptor === undefined)
      throw new SluiceError('SLUICE_INTERNAL', 'append without a segment')
    try {
      writeFully(this.#descriptor, parts, segment.length)
      fs.fdatasyncSync(this.#descriptor)
    } catch (error) {
      const seen = diskError(error, `cannot write segment ${segmentPath(this.#folder, segment.id)}`)
      if (seen.code === 'SLUICE_DISK_FULL' && this.#cut(segment)) throw seen
      // After a failed sync the system may have dropped the pages and call the next sync good: never use this file again.
      this.#cut(segment)
      this.seal()
      throw seen
    }
  }

  /** Cuts the file back to its last good frame. */
  #cut(segment: Segment): boolean {
    if (this.#descriptor === undefined) return false
    try {
      fs.ftruncateSync(this.#descriptor, segment.length)
      return true
    } catch {
      // The index says where the segment ends, so what stays behind that is never read.
      return false
    }
  }

  /** No more frames go to the present segment. */
  seal(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor)
    this.#descriptor = undefined
    if (this.#segment === undefined) return
    this.#segment.sealed = true
    this.#state.changes.segments.add(this.#segment)
    this.#segment = undefined
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor)
    this.#descriptor = undefined
    this.#segment = undefined
  }
}

function stateFrame(state: ChannelState, segment: number, at: number): Buffer[] {
  const meta = encodeMeta(state.snapshot(segment))
  const head = Buffer.alloc(frameHeaderSize)
  writeFrameHeader(
    head,
    0,
    {
      kind: 'state',
      codec: 0,
      keyId: 0,
      block: state.nextBlock,
      firstEvent: state.nextEvent,
      count: 0,
      rawLength: 0,
      at,
      metaLength: meta.length,
      metaCrc: crc32(meta),
      length: 0,
      crc: 0,
      groupBack: 0,
    },
    saltOf(state.channel),
  )
  return [head, meta]
}
