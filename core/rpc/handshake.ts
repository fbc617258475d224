/** Avro's handshake (Avro 1.11 specification, "Handshake"), as far as Flume's protocol needs it (flume.md §3.1.3/4). */
import type { AvroCursor } from '../event/avro-bytes.ts'
import { SluiceError } from '../errors.ts'
import { AvroWriter } from './avro-writer.ts'

export type Meta = ReadonlyMap<string, Buffer>

export interface HandshakeRequest {
  readonly clientHash: Buffer
  readonly clientProtocol: string | undefined
  readonly serverHash: Buffer
  readonly meta: Meta | undefined
}

export const handshakeMatches = ['BOTH', 'CLIENT', 'NONE'] as const
export type HandshakeMatch = (typeof handshakeMatches)[number]

export interface HandshakeResponse {
  readonly match: HandshakeMatch
  readonly serverProtocol: string | undefined
  readonly serverHash: Buffer | undefined
  readonly meta: Meta | undefined
}

export function encodeHandshakeRequest(request: HandshakeRequest): Buffer {
  const writer = new AvroWriter().raw(request.clientHash)
  if (request.clientProtocol === undefined) writer.long(0)
  else writer.long(1).text(request.clientProtocol)
  writer.raw(request.serverHash)
  return writeMeta(writer, request.meta).finish()
}

export function readHandshakeRequest(cursor: AvroCursor): HandshakeRequest {
  return {
    clientHash: readHash(cursor),
    clientProtocol: readUnion(cursor) ? cursor.text() : undefined,
    serverHash: readHash(cursor),
    meta: readUnion(cursor) ? readMeta(cursor) : undefined,
  }
}

export function encodeHandshakeResponse(response: HandshakeResponse): Buffer {
  const writer = new AvroWriter().long(handshakeMatches.indexOf(response.match))
  if (response.serverProtocol === undefined) writer.long(0)
  else writer.long(1).text(response.serverProtocol)
  if (response.serverHash === undefined) writer.long(0)
  else writer.long(1).raw(response.serverHash)
  return writeMeta(writer, response.meta).finish()
}

export function readHandshakeResponse(cursor: AvroCursor): HandshakeResponse {
  const match = handshakeMatches[cursor.long()]
  if (match === undefined) throw new SluiceError('SLUICE_PEER', 'the answer does not begin with an Avro handshake')
  return {
    match,
    serverProtocol: readUnion(cursor) ? cursor.text() : undefined,
    serverHash: readUnion(cursor) ? readHash(cursor) : undefined,
    meta: readUnion(cursor) ? readMeta(cursor) : undefined,
  }
}

const noMeta: Meta = new Map()

/** A map<bytes>; its values are copies. Sizes are bounded by the frame it lies in. */
export function readMeta(cursor: AvroCursor): Meta {
  if (cursor.bytes[cursor.at] === 0) {
    cursor.at++
    return noMeta
  }
  const meta = new Map<string, Buffer>()
  for (;;) {
    let count = cursor.long()
    if (count === 0) return meta
    if (count < 0) {
      cursor.long()
      count = -count
    }
    for (let index = 0; index < count; index++) meta.set(cursor.text(), Buffer.from(cursor.view()))
  }
}

function writeMeta(writer: AvroWriter, meta: Meta | undefined): AvroWriter {
  return meta === undefined ? writer.long(0) : writer.long(1).map(meta)
}

/** The index of a two-branch union whose first branch is null. */
function readUnion(cursor: AvroCursor): boolean {
  const index = cursor.long()
  if (index === 0 || index === 1) return index === 1
  throw new SluiceError('SLUICE_FRAME', `union index ${index} in a handshake`)
}

function readHash(cursor: AvroCursor): Buffer {
  const end = cursor.at + 16
  if (end > cursor.end) throw new SluiceError('SLUICE_FRAME', 'a handshake ends inside its hash')
  const hash = Buffer.from(cursor.bytes.subarray(cursor.at, end))
  cursor.at = end
  return hash
}
