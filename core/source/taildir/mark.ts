import { hash } from 'node:crypto'
import type { LineState } from './line-splitter.ts'

/** Most bytes of a file's head that its fingerprint covers. */
export const mostHead = 1024
/** Most bytes before a place in a file that are compared when reading goes on there. */
export const mostTail = 256

/** What some consecutive bytes of a file were: enough to know them again. */
export interface Fingerprint {
  readonly length: number
  /** Of those bytes; empty for none. */
  readonly digest: string
}

export const noFingerprint: Fingerprint = { length: 0, digest: '' }

export function fingerprint(bytes: Buffer): Fingerprint {
  if (bytes.length === 0) return noFingerprint
  return { length: bytes.length, digest: hash('sha1', bytes, 'base64url').slice(0, 16) }
}

export const sameFingerprint = (a: Fingerprint, b: Fingerprint) => a.length === b.length && a.digest === b.digest

/** A block of a file of blocks: the byte at which it begins, and how many events lie before it. */
export interface BlockPlace {
  readonly at: number
  readonly first: number
}

/** A place in a file at which reading can go on, and how to know that it is still that place. */
export interface Mark {
  /** A byte of the file; where there is a `block`, events of the file. */
  readonly offset: number
  /** Of the last bytes before `offset`. */
  readonly tail: Fingerprint
  readonly line: Readonly<LineState>
  /** The block in which the next event lies, in a file whose blocks are compressed or have their own bounds. */
  readonly block?: BlockPlace
}

export const startMark: Mark = { offset: 0, tail: noFingerprint, line: { midLine: false, skipping: false } }

/** The mark at `index` of `bytes`, whose first byte is byte `start` of the file. */
export function markAt(bytes: Buffer, index: number, start: number, line: LineState): Mark {
  const from = Math.max(0, index - mostTail)
  return { offset: start + index, tail: fingerprint(bytes.subarray(from, index)), line: { ...line } }
}
