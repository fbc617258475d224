import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { ChannelState } from './channel-state.ts'
import { type FrameCodec, frameBound } from './frame-codec.ts'
import { frameHeaderSize, saltOf, writeFrameHeader } from './frame.ts'
import { encodeMeta } from './frame-meta.ts'
import { indexPath, quarantinePath, readFully, segmentPath, syncFolder } from './segment-files.ts'
import { diskError } from './failure.ts'
import { writeFully } from './segment-writer.ts'
import type { Place, QuarantineRequest } from './worker-messages.ts'

/**
 * The file of frames that were refused for good, each with its reason, kept until the operator has seen to them. It is
 * in the format of a segment.
 */
export class QuarantineFile {
  readonly #folder: string
  readonly #state: ChannelState
  readonly #codec: FrameCodec
  #descriptor: number | undefined
  #length = 0

  constructor(folder: string, state: ChannelState, codec: FrameCodec) {
    this.#codec = codec
    this.#folder = folder
    this.#state = state
  }

  /** Stores the events durably. Throws `SLUICE_DISK_FULL` or `SLUICE_CHANNEL_IO`; then nothing is stored. */
  store(request: QuarantineRequest): void {
    const { reason, at } = request.settlement
    const meta = encodeMeta({ reason, at })
    const parts: Uint8Array[] = []
    let back = 0
    const salt = saltOf(this.#state.channel)
    for (const batch of request.batches) {
      const bound = frameBound(salt, 0, batch.first, batch.count)
      const { bytes, codec, keyId } = this.#codec.encode(batch.bytes, bound)
      const head = Buffer.allocUnsafe(frameHeaderSize + meta.length)
      meta.copy(head, frameHeaderSize)
      writeFrameHeader(
        head,
        0,
        {
          kind: 'quarantine',
          codec,
          keyId,
          block: 0,
          firstEvent: batch.first,
          count: batch.count,
          rawLength: batch.bytes.length,
          at,
          metaLength: meta.length,
          metaCrc: crc32(meta),
          length: bytes.length,
          crc: crc32(bytes),
          groupBack: back,
        },
        salt,
      )
      parts.push(head, bytes)
      back += head.length + bytes.length
    }
    const file = quarantinePath(this.#folder)
    try {
      const descriptor = this.#open(file)
      writeFully(descriptor, parts, this.#length)
      fs.fdatasyncSync(descriptor)
      this.#length += back
    } catch (error) {
      if (this.#descriptor !== undefined) fs.ftruncateSync(this.#descriptor, this.#length)
      throw diskError(error, `cannot write ${file}`)
    }
  }

  #open(file: string): number {
    if (this.#descriptor !== undefined) return this.#descriptor
    const fresh = !fs.existsSync(file)
    this.#descriptor = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
    this.#length = fs.fstatSync(this.#descriptor).size
    if (fresh) syncFolder(this.#folder)
    return this.#descriptor
  }

  /**
   * Keeps the bytes of a frame that cannot be read, as they are, for whoever can make something of them; false when none is
   * left. Throws the system's error.
   */
  keepDamaged(place: Place, size: number): boolean {
    const file = segmentPath(this.#folder, place.segment)
    if (!fs.existsSync(file)) {
      // Without its index the whole folder cannot be reached: that is no loss.
      fs.accessSync(indexPath(this.#folder))
      return false
    }
    const from = fs.openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(size)
      const read = readFully(from, bytes, size, place.offset)
      if (read === 0) return false
      const folder = path.join(this.#folder, 'damaged')
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(path.join(folder, `segment-${place.segment}-at-${place.offset}`), bytes.subarray(0, read))
      return true
    } finally {
      fs.closeSync(from)
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}
