import fs from 'node:fs'
import { eventOffsets } from '../../event/batch.ts'
import type { BlockRow } from './channel-state.ts'
import { type FrameCodec, frameBound } from './frame-codec.ts'
import { frameHeaderSize, readFrameHeader } from './frame.ts'
import { readFully, segmentPath } from './segment-files.ts'

/**
 * Avro bytes of the events `[first, next)` that lie in `row`. A block that is cut is read, so that the sum stays
 * exact; where it cannot be read, its bytes are shared out by events.
 */
export function bytesWithin(
  folder: string,
  row: BlockRow,
  first: number,
  next: number,
  codec: FrameCodec,
  salt: Uint8Array,
): number {
  const from = Math.max(0, first - row.firstEvent)
  const to = Math.min(row.count, next - row.firstEvent)
  if (to <= from) return 0
  if (to - from === row.count) return row.rawLength
  try {
    const offsets = eventOffsets(readPayload(folder, row, codec, salt), row.count)
    return offsets[to]! - offsets[from]!
  } catch {
    return Math.round((row.rawLength * (to - from)) / row.count)
  }
}

function readPayload(folder: string, row: BlockRow, codec: FrameCodec, salt: Uint8Array): Buffer {
  const descriptor = fs.openSync(segmentPath(folder, row.segment), 'r')
  try {
    const bytes = Buffer.allocUnsafe(row.size)
    readFully(descriptor, bytes, row.size, row.offset)
    const header = readFrameHeader(bytes, 0, salt)
    if (header === undefined) throw new Error('no frame header')
    const stored = bytes.subarray(frameHeaderSize + header.metaLength)
    if (header.codec === 0) return stored
    const bound = frameBound(salt, header.block, header.firstEvent, header.count)
    return codec.decode(stored, header.codec, header.keyId, header.rawLength, bound)
  } finally {
    fs.closeSync(descriptor)
  }
}
