/** ASN.1 in DER (X.690), as far as key stores need it: one value behind the other, without recursion. */
import { SluiceError } from '../errors.ts'

export interface DerValue {
  /** The whole first byte: class, whether it is made of others, and number. */
  readonly tag: number
  readonly content: Buffer
}

export const derTags = { integer: 0x02, octets: 0x04, oid: 0x06, sequence: 0x30, context0: 0xa0, context0Octets: 0x80 }

const malformed = (what: string) => new SluiceError('SLUICE_TLS', `it is neither PEM nor PKCS12, or damaged: ${what}`)

/** The values that lie in `bytes`, one behind the other; throws `SLUICE_TLS` when that is not all there is. */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++] ?? 0
    let length = bytes[at++]
    if (length === undefined || (tag & 0x1f) === 0x1f) throw malformed('a value without a length')
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size === 0 || size > 4 || at + size > bytes.length) throw malformed('a length that DER does not have')
      length = bytes.readUIntBE(at, size)
      at += size
    }
    if (length > bytes.length - at) throw malformed('a value that leaves it')
    values.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return values
}

/** What is in `value`, which must have this tag. */
export function derContent(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw malformed(`${value?.tag.toString(16) ?? 'nothing'} in the place of ${tag.toString(16)}`)
  return value.content
}

/** The values in a sequence. */
export const derSequence = (value: DerValue | undefined) => derValues(derContent(value, derTags.sequence))

/** An object identifier with its dots. */
export function derOid(value: DerValue | undefined): string {
  const parts: number[] = []
  let part = 0
  for (const byte of derContent(value, derTags.oid)) {
    part = part * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(part / 40))
      parts.push(first, part - 40 * first)
    } else parts.push(part)
    part = 0
  }
  return parts.join('.')
}

/** A count: small and not negative. */
export function derCount(value: DerValue | undefined): number {
  const content = derContent(value, derTags.integer)
  if (content.length === 0 || content.length > 5 || (content[0] ?? 0) >= 0x80) throw malformed('a number out of range')
  return content.readUIntBE(0, content.length)
}
