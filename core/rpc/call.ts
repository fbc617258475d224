/** Calls and their answers, without the frame around them (flume.md §3.1.3). */
import type { BatchIdentity } from '../channel/channel.ts'
import { AvroCursor, longSize, writeLong } from '../event/avro-bytes.ts'
import type { Batch } from '../event/batch.ts'
import { AvroWriter } from './avro-writer.ts'
import { encodeIdentity } from './batch-identity.ts'
import { type HandshakeResponse, readHandshakeResponse, readMeta } from './handshake.ts'
import { batchMetaKey, statuses, type Status } from './protocol.ts'

const noBytes = Buffer.alloc(0)
const emptyMap = Buffer.from([0])
const appendBatchName = new AvroWriter().raw(emptyMap).text('appendBatch').finish()
/** The call without a name: an answer with nothing but the handshake. */
const pingHead = new AvroWriter().raw(emptyMap).text('').finish()

/** A frame of one buffer that holds `handshake` and a call without a name. */
export function encodePing(serial: number, handshake: Buffer): Buffer {
  const frame = Buffer.alloc(12)
  frame.writeInt32BE(serial, 0)
  frame.writeInt32BE(1, 4)
  frame.writeInt32BE(handshake.length + pingHead.length, 8)
  return Buffer.concat([frame, handshake, pingHead])
}

/**
 * The frame of an `appendBatch` call, as the pieces to write one after the other: one Avro buffer, whose array has a
 * block for each batch. The events' own bytes are not copied.
 */
export function encodeAppendBatch(
  serial: number,
  batches: readonly Batch[],
  identity: BatchIdentity | undefined,
  handshake: Buffer = noBytes,
): Buffer[] {
  const head = identity
    ? new AvroWriter()
        .raw(handshake)
        .map(new Map([[batchMetaKey, encodeIdentity(identity)]]))
        .text('appendBatch')
        .finish()
    : handshake.length > 0
      ? Buffer.concat([handshake, appendBatchName])
      : appendBatchName
  const pieces: Buffer[] = []
  let size = head.length + 1
  let lead = 12 + head.length
  for (const { bytes, count } of batches) {
    if (count === 0) continue
    const block = Buffer.alloc(lead + longSize(count))
    writeLong(block, count, lead)
    pieces.push(block, bytes)
    size += longSize(count) + bytes.length
    lead = 0
  }
  if (lead > 0) pieces.push(Buffer.alloc(lead))
  pieces.push(emptyMap)
  const first = pieces[0]!
  first.writeInt32BE(serial, 0)
  first.writeInt32BE(1, 4)
  first.writeInt32BE(size, 8)
  head.copy(first, 12)
  return pieces
}

/** An answer, in the three buffers in which Flume sends it: handshake (or nothing), metadata, flag and result. */
export function encodeAnswer(serial: number, handshake: Buffer, result: Buffer): Buffer {
  const frame = Buffer.alloc(8 + 4 + handshake.length + 5 + 4 + result.length)
  frame.writeInt32BE(serial, 0)
  frame.writeInt32BE(3, 4)
  frame.writeInt32BE(handshake.length, 8)
  let at = 12 + handshake.copy(frame, 12)
  // Metadata: one byte, the empty map.
  at = frame.writeInt32BE(1, at) + 1
  at = frame.writeInt32BE(result.length, at)
  result.copy(frame, at)
  return frame
}

/** An answer that is nothing but a handshake. */
export function encodeHandshakeOnly(serial: number, handshake: Buffer): Buffer {
  const frame = Buffer.alloc(12 + handshake.length)
  frame.writeInt32BE(serial, 0)
  frame.writeInt32BE(1, 4)
  frame.writeInt32BE(handshake.length, 8)
  handshake.copy(frame, 12)
  return frame
}

export function encodeStatus(status: Status): Buffer {
  return Buffer.from([0, statuses.indexOf(status) << 1])
}

/** The implicit string error of every Avro message. */
export function encodeCallError(message: string): Buffer {
  return new AvroWriter()
    .raw(Buffer.from([1]))
    .long(0)
    .text(message)
    .finish()
}

export type CallResult = { readonly status: Status } | { readonly error: string }

export interface Answer {
  readonly handshake: HandshakeResponse | undefined
  /** Undefined when the answer ends behind the handshake. */
  readonly result: CallResult | undefined
}

/** Reads an answer; anything that is none throws `SLUICE_EVENT_FORMAT` or `SLUICE_PEER`. */
export function readAnswer(bytes: Buffer, withHandshake: boolean): Answer {
  const cursor = new AvroCursor(bytes)
  const handshake = withHandshake ? readHandshakeResponse(cursor) : undefined
  if (cursor.at === cursor.end) return { handshake, result: undefined }
  readMeta(cursor)
  const failed = cursor.long()
  if (failed === 0) return { handshake, result: { status: statuses[cursor.long()] ?? 'UNKNOWN' } }
  // A boolean's byte 1 reads as the zig-zag long -1.
  cursor.long()
  return { handshake, result: { error: cursor.text() } }
}
