import type { Lane } from '../../channel/channel.ts'
import type { FileGroup } from './file-group.ts'
import { isGzipName } from './file-content.ts'
import type { LineSplitter } from './line-splitter.ts'
import { type Fingerprint, type Mark, noFingerprint, startMark } from './mark.ts'
import type { StreamState } from './stored-position.ts'

/** What a look at a file says. */
export interface Sighting {
  readonly path: string
  readonly group: FileGroup
  readonly device: string
  readonly inode: string
  readonly born: string
  readonly size: number
  readonly changedAt: number
}

/**
 * One stream of bytes that is followed: what a file holds from its first byte until it is cut to nothing or replaced.
 * It keeps its key through renames, copies and compression; a file that is made anew or truncated is a new stream.
 */
export class Stream implements StreamState {
  readonly key: string
  group: FileGroup
  path: string
  device: string
  inode: string
  born: string
  changedAt: number
  gzip: boolean
  head: Fingerprint = noFingerprint
  size: number
  /** Everything before it is in the channel. */
  confirmed: Mark = startMark
  /** Everything before it is in the channel or on its way there. */
  read: Mark = startMark
  /** Made when the first bytes have shown the text's form. */
  splitter: LineSplitter | undefined
  /** Bytes at the start of the stream that are its encoding's mark and no text. */
  markLength = 0
  lane: Lane = {}
  putsInFlight = 0
  bytesInFlight = 0
  /** A put has failed: reading goes back to `confirmed` when nothing is in flight any more. */
  broken = false
  /** Offsets that no batch may reach across: some of the channels are that far already. */
  stops: readonly number[] = []
  /** In the queue of streams to read from. */
  queued = false
  /** A reader is at it. */
  busy = false
  /** Waits for its own puts before it is read on. */
  blocked = false
  /** Monotonic milliseconds since when no folder shows it any more. */
  goneSince: number | undefined
  /** What a folder shows under this stream's inode is not this stream any more, or nothing at all: it can only be found elsewhere. */
  orphan = false
  /** It became an orphan because its file was cut to nothing or overwritten. */
  cut = false
  /** Its first bytes, a few, to tell it from others at a glance. */
  headStart: Buffer = Buffer.alloc(0)
  /** New, and whether it is a copy of another stream is not known yet: nothing is read of it. */
  unresolved = false
  heldSize = -1
  heldSince = 0
  readAt: number | undefined
  /** Epoch milliseconds at which it got what has waited longest; of use only while something waits. */
  behindSince: number | undefined
  /** All that there is of it has been read. */
  atEnd = false
  /** Monotonic milliseconds at which new bytes were last seen. */
  activeAt = 0
  /** Monotonic milliseconds at which its size last changed. */
  grewAt = 0
  /** Something came up while it was read: it is to be read again. */
  again = false
  /** The last reading failed: the next look tries again. */
  retry = false
  /** What its unfinished end is to become at the next reading: nothing yet, the events that are whole lines, all of it. */
  flushDue: 'nothing' | 'events' | 'part' = 'nothing'
  /** Nothing will be added to it any more. */
  final = false
  /** The operator knows that it went with bytes unread, or it did not. */
  unreadTold = true
  /** Lines over the limit that were told of. */
  longLines = 0
  note = ''

  constructor(key: string, sighting: Sighting) {
    this.key = key
    this.group = sighting.group
    this.path = sighting.path
    this.device = sighting.device
    this.inode = sighting.inode
    this.born = sighting.born
    this.changedAt = sighting.changedAt
    this.size = sighting.size
    this.behindSince = sighting.changedAt
    this.gzip = isGzipName(sighting.path)
    this.final = this.gzip
  }

  /** `device:inode`. */
  get inodeKey(): string {
    return `${this.device}:${this.inode}`
  }

  /** How the file was when it was last seen. */
  sighting(): Sighting {
    const { path, group, device, inode, born, size, changedAt } = this
    return { path, group, device, inode, born, size, changedAt }
  }

  /** Starts reading at `mark`, of which the channels know. */
  goOnAt(mark: Mark, head: Fingerprint): void {
    this.confirmed = mark
    this.read = mark
    this.head = head
    this.splitter = undefined
  }

  /** Whether something came up since the last call. */
  takeAgain(): boolean {
    const { again } = this
    this.again = false
    return again
  }

  /** Takes back what was read but has not come into the channel. */
  fallBack(): void {
    this.read = this.confirmed
    this.lane = {}
    this.broken = false
    if (this.splitter) Object.assign(this.splitter.line, this.confirmed.line)
  }

  /** Bytes that wait to be read or to come into the channel; null where nobody knows: how much an archive holds. */
  get lag(): number | null {
    if (!this.gzip) return Math.max(0, this.size - this.confirmed.offset)
    return this.atEnd && this.confirmed.offset === this.read.offset ? 0 : null
  }

  /** The same file at a new look. */
  seen(sighting: Sighting): void {
    if (this.confirmed.offset >= this.size && sighting.size > this.size) this.behindSince = sighting.changedAt
    this.group = sighting.group
    this.path = sighting.path
    this.device = sighting.device
    this.inode = sighting.inode
    this.born = sighting.born
    this.changedAt = sighting.changedAt
    this.size = sighting.size
    this.gzip = isGzipName(sighting.path)
    // What an archive holds never grows.
    this.final = this.gzip
    this.goneSince = undefined
  }
}
