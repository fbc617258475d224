import { crc32 } from 'node:zlib'
import type { SourcePosition } from '../channel.ts'
import { Batch } from '../../event/batch.ts'
import type { BlockRow, ChannelState, Segment } from './channel-state.ts'
import { failureOf } from './failure.ts'
import { type FrameCodec, frameBound } from './frame-codec.ts'
import { frameHeaderSize, saltOf, writeFrameHeader } from './frame.ts'
import { encodeMeta, type EventsMeta } from './frame-meta.ts'
import { identityOf } from '../identity-runs.ts'
import type { SenderRecord } from '../sender-identities.ts'
import type { SegmentWriter } from './segment-writer.ts'
import type { Failure, PutMessage, Rejected, Stored } from './worker-messages.ts'

/** What a frame takes beside its payload, about. */
const frameOverhead = 512

export interface Committed {
  readonly stored: readonly Stored[]
  /** Puts that are wrong in themselves; the others of the group are stored. */
  readonly rejected: readonly Rejected[]
}

interface Piece {
  readonly put: number
  readonly from: number
  readonly to: number
  readonly payload: Uint8Array
  readonly codec: number
  readonly keyId: number
  readonly rawLength: number
  readonly meta: Buffer
  readonly firstEvent: number
  readonly block: number
  readonly at: number
}

/**
 * Makes one group of puts durable together: one `writev`, one `fdatasync`. Repeats, by position or by identity, are
 * left out; of a partial repeat the new part is stored. When the disk refuses, nothing of the group counts and the
 * state is as before.
 */
export class GroupCommit {
  readonly #state: ChannelState
  readonly #segments: SegmentWriter
  readonly #codec: FrameCodec
  readonly #salt: Buffer

  constructor(state: ChannelState, segments: SegmentWriter, codec: FrameCodec) {
    this.#state = state
    this.#segments = segments
    this.#codec = codec
    this.#salt = saltOf(state.channel)
  }

  /** Throws `SLUICE_DISK_FULL` or `SLUICE_CHANNEL_IO` when the group is not stored. */
  commit(puts: readonly PutMessage[]): Committed {
    // Before the group touches the state: a new segment's head must say only what is durable already.
    const room = puts.reduce((sum, put) => sum + put.bytes.length + frameOverhead, 0)
    const segment = this.#segments.prepare(room, puts[0]?.at ?? 0)
    const group = new Group(this.#state, this.#codec, this.#salt)
    try {
      puts.forEach((put, index) => group.add(put, index))
      if (group.pieces.length === 0) {
        this.#state.repeated += group.repeated
        this.#state.changes.counters ||= group.repeated > 0
        return { stored: [], rejected: group.rejected }
      }
      return { stored: this.#write(group, segment), rejected: group.rejected }
    } catch (error) {
      group.undo()
      throw error
    }
  }

  #write(group: Group, segment: Segment): Stored[] {
    const state = this.#state
    const start = segment.length
    const parts: Uint8Array[] = []
    const rows: BlockRow[] = []
    const stored: Stored[] = []
    let offset = start
    for (const piece of group.pieces) {
      const head = Buffer.allocUnsafe(frameHeaderSize + piece.meta.length)
      piece.meta.copy(head, frameHeaderSize)
      writeFrameHeader(
        head,
        0,
        {
          kind: 'events',
          codec: piece.codec,
          keyId: piece.keyId,
          block: piece.block,
          firstEvent: piece.firstEvent,
          count: piece.to - piece.from,
          rawLength: piece.rawLength,
          at: piece.at,
          metaLength: piece.meta.length,
          metaCrc: crc32(piece.meta),
          length: piece.payload.length,
          crc: crc32(piece.payload),
          groupBack: offset - start,
        },
        this.#salt,
      )
      parts.push(head)
      if (piece.payload.length > 0) parts.push(piece.payload)
      const size = head.length + piece.payload.length
      rows.push({
        firstEvent: piece.firstEvent,
        count: piece.to - piece.from,
        block: piece.block,
        segment: segment.id,
        offset,
        size,
        rawLength: piece.rawLength,
        at: piece.at,
      })
      stored.push({
        put: piece.put,
        from: piece.from,
        to: piece.to,
        firstEvent: piece.firstEvent,
        segment: segment.id,
        offset,
        end: offset + size,
      })
      offset += size
    }
    this.#segments.append(parts)
    for (const row of rows) state.append(row, segment)
    for (const key of group.positions.keys()) state.changes.positions.add(key)
    for (const sender of group.senders.keys()) state.changes.identities.add(sender)
    state.repeated += group.repeated
    return stored
  }
}

/** The frames of a group before it is written, and what to put back when it is not. */
class Group {
  readonly pieces: Piece[] = []
  readonly rejected: Rejected[] = []
  readonly positions = new Map<string, SourcePosition | undefined>()
  readonly senders = new Map<string, SenderRecord | undefined>()
  repeated = 0
  readonly #state: ChannelState
  readonly #codec: FrameCodec
  readonly #salt: Uint8Array
  #block: number
  #event: number

  constructor(state: ChannelState, codec: FrameCodec, salt: Uint8Array) {
    this.#state = state
    this.#codec = codec
    this.#salt = salt
    this.#block = state.nextBlock
    this.#event = state.nextEvent
  }

  add(put: PutMessage, index: number): void {
    const { position, identity } = put
    const unseen = identity === undefined ? [] : this.#state.identities.unseen(identity, put.count)
    if (unseen.some(([from, to]) => to - from < put.count)) {
      const failure = cutFailure(put)
      if (failure !== undefined) {
        this.rejected.push({ put: index, failure })
        return
      }
    }
    if (position !== undefined) {
      const known = this.#state.positions.get(position.key)
      if (put.count > 0 && known !== undefined && position.offset <= known.offset) {
        this.repeated += put.count
        return
      }
      if (!this.positions.has(position.key)) this.positions.set(position.key, known)
      this.#state.positions.set(position.key, position)
    }
    if (identity === undefined || put.count === 0) {
      if (put.count > 0 || position !== undefined)
        this.#piece(put, index, 0, put.count, position === undefined ? undefined : { position })
      return
    }
    const { sender } = identity
    if (!this.senders.has(sender)) this.senders.set(sender, this.#state.identities.record(sender))
    let fresh = 0
    unseen.forEach(([from, to], at) => {
      const part = identityOf(identity, put.count, [[from, to]])
      this.#state.identities.store(part, to - from)
      const meta: EventsMeta = part.runs === undefined ? { identity: part } : { scattered: part }
      this.#piece(
        put,
        index,
        from,
        to,
        position !== undefined && at === unseen.length - 1 ? { ...meta, position } : meta,
      )
      fresh += to - from
    })
    this.repeated += put.count - fresh
    if (unseen.length === 0 && position !== undefined) this.#piece(put, index, 0, 0, { position })
  }

  #piece(put: PutMessage, index: number, from: number, to: number, meta: EventsMeta | undefined): void {
    let raw = put.bytes
    if (to === from) raw = raw.subarray(0, 0)
    else if (to - from < put.count) raw = batchOf(put).slice(from, to).bytes
    const count = to - from
    const encoded = this.#codec.encode(raw, frameBound(this.#salt, this.#block, this.#event, count))
    this.pieces.push({
      put: index,
      from,
      to,
      payload: encoded.bytes,
      codec: encoded.codec,
      keyId: encoded.keyId,
      rawLength: raw.length,
      meta: encodeMeta(meta),
      firstEvent: this.#event,
      block: this.#block,
      at: put.at,
    })
    this.#block++
    this.#event += count
  }

  undo(): void {
    for (const [key, position] of this.positions)
      if (position === undefined) this.#state.positions.delete(key)
      else this.#state.positions.set(key, position)
    for (const [sender, record] of this.senders) this.#state.identities.restore(sender, record)
  }
}

function batchOf({ bytes, count }: PutMessage): Batch {
  return new Batch(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), count)
}

/** Why a batch cannot be cut into its events, if so: that is its sender's fault and no other put's. */
function cutFailure(put: PutMessage): Failure | undefined {
  try {
    batchOf(put).offsets()
    return undefined
  } catch (error) {
    return failureOf(error)
  }
}
