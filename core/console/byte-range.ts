export interface ByteRange {
  readonly start: number
  /** The last byte, which is part of it. */
  readonly end: number
}

/**
 * What a `range` header asks of `size` bytes: undefined for all of them, also where the header is of a kind that nobody
 * has to understand (RFC 9110 §14.2); `'none'` when there are no such bytes.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, from, to] = /^bytes=(\d{1,15})?-(\d{1,15})?$/.exec(header ?? '') ?? []
  if (from === undefined) {
    if (to === undefined) return undefined
    const last = Math.min(Number(to), size)
    return last === 0 ? 'none' : { start: size - last, end: size - 1 }
  }
  const start = Number(from)
  const end = to === undefined ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== undefined && Number(to) < start) return undefined
  return start < size ? { start, end } : 'none'
}
