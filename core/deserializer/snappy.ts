/** Reads Snappy's raw format (the format description that comes with Google's snappy, "Snappy compressed format"). */
import { SluiceError } from '../errors.ts'

const damaged = (what: string) => new SluiceError('SLUICE_FILE', `the snappy data ${what}`)

/** What `bytes` holds; `SLUICE_FILE` when it is damaged, or holds more than `most` bytes. */
export function snappyUncompressed(bytes: Uint8Array, most: number): Buffer {
  let at = 0
  const next = () => {
    const byte = bytes[at++]
    if (byte === undefined) throw damaged('ends too early')
    return byte
  }
  const number = (count: number) => {
    let value = 0
    for (let index = 0; index < count; index++) value += next() * 2 ** (8 * index)
    return value
  }

  let length = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = next()
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
    if (scale >= 2 ** 28) throw damaged('has no length')
  }
  if (length > most) throw damaged(`holds ${length} bytes, and ${most} is the most`)

  const out = Buffer.allocUnsafe(length)
  let filled = 0
  while (at < bytes.length) {
    const tag = next()
    if ((tag & 3) === 0) {
      const code = tag >> 2
      const size = (code < 60 ? code : number(code - 59)) + 1
      if (size > bytes.length - at || size > length - filled) throw damaged('has a literal that leaves it')
      out.set(bytes.subarray(at, at + size), filled)
      at += size
      filled += size
      continue
    }
    const short = (tag & 3) === 1
    const size = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const back = short ? ((tag >> 5) << 8) | next() : number((tag & 3) === 2 ? 2 : 4)
    if (back === 0 || back > filled || size > length - filled) throw damaged('has a copy that leaves it')
    // A copy may reach into what it makes itself, which repeats it: then byte by byte.
    if (back >= size) out.copyWithin(filled, filled - back, filled - back + size)
    else for (let index = 0; index < size; index++) out[filled + index] = out[filled + index - back] ?? 0
    filled += size
  }
  if (filled !== length) throw damaged(`makes ${filled} bytes instead of ${length}`)
  return out
}
