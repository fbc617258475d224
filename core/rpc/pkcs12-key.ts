/** Keys from passwords, as PKCS #12 makes them (RFC 7292, appendix B). */
import { createHash } from 'node:crypto'

/** What the key is for: the diversifier of appendix B.3. */
export const keyPurposes = { encryption: 1, vector: 2, mac: 3 } as const

/** Bytes of the hash's blocks. */
const blockLength = (hash: string) => (hash === 'sha384' || hash === 'sha512' ? 128 : 64)

export function pkcs12Key(
  hash: string,
  password: string,
  salt: Buffer,
  iterations: number,
  purpose: number,
  length: number,
): Buffer {
  const block = blockLength(hash)
  const filled = (bytes: Buffer) => {
    const whole = Buffer.alloc(block * Math.ceil(bytes.length / block))
    for (let at = 0; at < whole.length; at++) whole[at] = bytes[at % bytes.length] ?? 0
    return whole
  }
  // UTF-16 with the high byte first, and a closing zero.
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const mixed = Buffer.concat([filled(salt), filled(text)])
  const diversifier = Buffer.alloc(block, purpose)
  const parts: Buffer[] = []
  for (let made = 0; made < length;) {
    let digest = createHash(hash).update(diversifier).update(mixed).digest()
    for (let round = 1; round < iterations; round++) digest = createHash(hash).update(digest).digest()
    parts.push(digest)
    made += digest.length
    const added = filled(digest).subarray(0, block)
    for (let start = 0; start < mixed.length; start += block) {
      // Numbers of `block` bytes: this one and the digest's and one, without what does not fit.
      let carry = 1
      for (let at = block - 1; at >= 0; at--) {
        carry += (mixed[start + at] ?? 0) + (added[at] ?? 0)
        mixed[start + at] = carry & 0xff
        carry >>= 8
      }
    }
  }
  return Buffer.concat(parts).subarray(0, length)
}
