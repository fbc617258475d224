import { bytesAt, type FileContent } from '../source/taildir/file-content.ts'
import { fingerprint, mostHead, sameFingerprint } from '../source/taildir/mark.ts'
import type { Stream } from '../source/taildir/stream.ts'

/** True when the file still is what was read of it; at the first look it learns the file's first bytes. */
export async function sameContent(stream: Stream, content: FileContent): Promise<boolean> {
  const { read, head } = stream
  if (read.offset === 0) {
    stream.head = fingerprint(await bytesAt(content, 0, mostHead))
    return true
  }
  if (!sameFingerprint(fingerprint(await bytesAt(content, 0, head.length)), head)) return false
  // Where marks are places in blocks, their tail is empty: the block's own marks say whether it is still there.
  const { tail, offset } = read
  return sameFingerprint(fingerprint(await bytesAt(content, offset - tail.length, tail.length)), tail)
}
