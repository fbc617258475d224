import { crc32 } from 'node:zlib'

/**
 * A frame is the unit that is durable: one batch of events with everything that must be atomic with it. Segment files
 * are frames back to back:
 *
 *     0  u32  magic "SLF1"              40  u32  meta length
 *     4  u32  CRC of bytes 8 … 79       44  u32  meta CRC
 *     8  u32  payload length            48  f64  when it came in, milliseconds since the epoch
 *    12  u32  payload CRC               56  u8   kind, u8 codec bits, u16 zero
 *    16  u64  block id                  60  u32  key id (encrypted payloads), else zero
 *    24  u64  first event number        64  u32  bytes back to the start of its group
 *    32  u32  events                    68  u32  zero
 *    36  u32  payload length decoded    72  8 B  salt: the channel's own id, so that no other bytes pass for a frame
 *
 * then the meta area (JSON) and the payload (events in Avro form, perhaps compressed and encrypted). Little-endian.
 * CRCs are CRC-32 (zlib's) of the bytes as stored.
 */
export const frameHeaderSize = 80
export const saltSize = 8
const magic = 0x31464c53
export const magicBytes = Buffer.from('SLF1', 'latin1')

export const frameKinds = ['events', 'state', 'quarantine'] as const
export type FrameKind = (typeof frameKinds)[number]

/** Bits of the codec byte, applied in this order when writing. */
export const codecBits = { zstd: 1, encrypted: 2 } as const

export interface FrameHeader {
  readonly kind: FrameKind
  readonly codec: number
  readonly keyId: number
  readonly block: number
  readonly firstEvent: number
  readonly count: number
  /** Bytes of the payload once decoded: what the events take in a batch. */
  readonly rawLength: number
  readonly at: number
  readonly metaLength: number
  readonly metaCrc: number
  readonly length: number
  readonly crc: number
  /** Bytes from the first frame of the group that one sync made durable to this frame. */
  readonly groupBack: number
}

/** Bytes of the whole frame in its file. */
export function frameSize(header: Pick<FrameHeader, 'metaLength' | 'length'>): number {
  return frameHeaderSize + header.metaLength + header.length
}

function writeWide(into: Buffer, value: number, at: number): void {
  into.writeUInt32LE(value % 0x100000000, at)
  into.writeUInt32LE(Math.floor(value / 0x100000000), at + 4)
}

function readWide(from: Buffer, at: number): number {
  return from.readUInt32LE(at) + from.readUInt32LE(at + 4) * 0x100000000
}

export function writeFrameHeader(into: Buffer, at: number, header: FrameHeader, salt: Uint8Array): void {
  into.writeUInt32LE(magic, at)
  into.writeUInt32LE(header.length, at + 8)
  into.writeUInt32LE(header.crc, at + 12)
  writeWide(into, header.block, at + 16)
  writeWide(into, header.firstEvent, at + 24)
  into.writeUInt32LE(header.count, at + 32)
  into.writeUInt32LE(header.rawLength, at + 36)
  into.writeUInt32LE(header.metaLength, at + 40)
  into.writeUInt32LE(header.metaCrc, at + 44)
  into.writeDoubleLE(header.at, at + 48)
  into[at + 56] = frameKinds.indexOf(header.kind)
  into[at + 57] = header.codec
  into.writeUInt16LE(0, at + 58)
  into.writeUInt32LE(header.keyId, at + 60)
  into.writeUInt32LE(header.groupBack, at + 64)
  into.writeUInt32LE(0, at + 68)
  into.set(salt, at + 72)
  into.writeUInt32LE(crc32(into.subarray(at + 8, at + frameHeaderSize)), at + 4)
}

/**
 * The header at `at`, or undefined when there is none: too short, no magic, a wrong CRC, or another channel's salt
 * (`salt` undefined accepts any).
 */
export function readFrameHeader(from: Buffer, at: number, salt: Uint8Array | undefined): FrameHeader | undefined {
  if (from.length - at < frameHeaderSize || from.readUInt32LE(at) !== magic) return undefined
  if (from.readUInt32LE(at + 4) !== crc32(from.subarray(at + 8, at + frameHeaderSize))) return undefined
  if (salt !== undefined && from.compare(salt, 0, saltSize, at + 72, at + 72 + saltSize) !== 0) return undefined
  const kind = frameKinds[from[at + 56]!]
  if (kind === undefined) return undefined
  return {
    kind,
    codec: from[at + 57]!,
    keyId: from.readUInt32LE(at + 60),
    block: readWide(from, at + 16),
    firstEvent: readWide(from, at + 24),
    count: from.readUInt32LE(at + 32),
    rawLength: from.readUInt32LE(at + 36),
    at: from.readDoubleLE(at + 48),
    metaLength: from.readUInt32LE(at + 40),
    metaCrc: from.readUInt32LE(at + 44),
    length: from.readUInt32LE(at + 8),
    crc: from.readUInt32LE(at + 12),
    groupBack: from.readUInt32LE(at + 64),
  }
}

/** The salt of the frame whose header starts at `at`. */
export function saltAt(from: Buffer, at: number): Buffer {
  return Buffer.from(from.subarray(at + 72, at + 72 + saltSize))
}

/** The salt of a channel: the first half of its 32-digit id. */
export function saltOf(channelId: string): Buffer {
  return Buffer.from(channelId.slice(0, saltSize * 2), 'hex')
}
