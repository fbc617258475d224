import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SluiceError } from '../../errors.ts'
import { codecBits } from './frame.ts'

/** Compressing pays only from here on (measured: small blocks cost more than they save). */
const leastCompressed = 64 * 1024
const nonceSize = 12
const tagSize = 16

export interface CodecSettings {
  readonly compression: 'none' | 'zstd'
  /** 32-byte keys: the first encrypts, all decrypt. Empty: no encryption. */
  readonly keys: readonly Uint8Array[]
}

export interface EncodedPayload {
  readonly bytes: Uint8Array
  readonly codec: number
  readonly keyId: number
}

/** Names a key in a frame's header without telling anything of it. */
export function keyIdOf(key: Uint8Array): number {
  return createHash('sha256').update('sluice frame key').update(key).digest().readUInt32LE(0)
}

/**
 * What happens to a payload between memory and disk: zstd, then AES-256-GCM with a fresh random nonce in front and the
 * tag behind. `bound` is what ties the cipher text to its place, so that frames cannot be exchanged for one another.
 */
export class FrameCodec {
  readonly #compress: boolean
  readonly #keys = new Map<number, Uint8Array>()
  readonly #active: number | undefined

  constructor(settings: CodecSettings) {
    this.#compress = settings.compression === 'zstd'
    for (const key of settings.keys) this.#keys.set(keyIdOf(key), key)
    this.#active = settings.keys[0] === undefined ? undefined : keyIdOf(settings.keys[0])
  }

  encode(payload: Uint8Array, bound: Uint8Array): EncodedPayload {
    let bytes = payload
    let codec = 0
    if (this.#compress && payload.length >= leastCompressed) {
      const packed = zstdCompressSync(payload, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      if (packed.length < payload.length) {
        bytes = packed
        codec |= codecBits.zstd
      }
    }
    const keyId = this.#active
    const key = keyId === undefined ? undefined : this.#keys.get(keyId)
    if (key === undefined || keyId === undefined || payload.length === 0) return { bytes, codec, keyId: 0 }
    const nonce = randomBytes(nonceSize)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(bound)
    const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
    return { bytes: sealed, codec: codec | codecBits.encrypted, keyId }
  }

  /**
   * Throws `SLUICE_CONFIG` when the key is not there, `SLUICE_CHANNEL_CORRUPT` when the bytes are not what was stored.
   * `rawLength` bounds what a damaged frame may unpack to.
   */
  decode(stored: Buffer, codec: number, keyId: number, rawLength: number, bound: Uint8Array): Buffer {
    let bytes = stored
    if ((codec & codecBits.encrypted) !== 0) {
      const key = this.#keys.get(keyId)
      if (key === undefined)
        throw new SluiceError(
          'SLUICE_CONFIG',
          `the channel holds events encrypted with key ${keyId.toString(16)}, which is not in the key file: ` +
            'keep old keys below the new one until the events are drained',
        )
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceSize))
        decipher.setAAD(bound)
        decipher.setAuthTag(bytes.subarray(bytes.length - tagSize))
        bytes = Buffer.concat([decipher.update(bytes.subarray(nonceSize, bytes.length - tagSize)), decipher.final()])
      } catch (error) {
        throw new SluiceError('SLUICE_CHANNEL_CORRUPT', 'encrypted frame does not authenticate', { cause: error })
      }
    }
    if ((codec & codecBits.zstd) !== 0) {
      try {
        bytes = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, rawLength) })
      } catch (error) {
        throw new SluiceError('SLUICE_CHANNEL_CORRUPT', 'compressed frame does not unpack', { cause: error })
      }
    }
    if (bytes.length !== rawLength)
      throw new SluiceError('SLUICE_CHANNEL_CORRUPT', `frame has ${bytes.length} bytes where ${rawLength} were stored`)
    return bytes
  }
}

/** What an encrypted payload is bound to: the channel's salt and the frame's own numbers. */
export function frameBound(salt: Uint8Array, block: number, firstEvent: number, count: number): Buffer {
  const bound = Buffer.alloc(36)
  bound.set(salt, 0)
  bound.writeDoubleLE(block, 8)
  bound.writeDoubleLE(firstEvent, 16)
  bound.writeDoubleLE(count, 24)
  return bound
}
