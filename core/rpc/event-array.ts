import { AvroCursor } from '../event/avro-bytes.ts'
import { Batch } from '../event/batch.ts'
import { SluiceError } from '../errors.ts'

/**
 * Steps over `count` events from `start` on; returns the position behind the last. Throws `SLUICE_EVENT_FORMAT` when
 * the bytes are not that many events. Nothing is allocated and almost all lengths take the one- and two-byte paths.
 */
export function skimEvents(bytes: Buffer, start: number, end: number, count: number): number {
  let at = start
  for (let index = 0; index < count; index++) {
    if (at >= end) throw outside(at)
    let pairs: number = bytes[at]!
    if (pairs !== 0) {
      // A block of fewer than 64 pairs is a single even byte; anything else goes the long way.
      if (pairs > 126 || pairs & 1) {
        const cursor = new AvroCursor(bytes, at, end)
        cursor.skipMap()
        at = cursor.at - 1
      } else {
        at++
        for (; pairs > 0; pairs--) {
          const first = bytes[at]!
          const second = bytes[at + 1]!
          if (at + 1 < end && first < 0x80 && (first & 1) === 0) at += 1 + (first >>> 1)
          else if (at + 1 < end && second < 0x80 && (first & 1) === 0)
            at += 2 + (((first & 0x7f) | (second << 7)) >>> 1)
          else at = skipString(bytes, at, end)
          if (at > end) throw outside(at)
        }
        if (at >= end) throw outside(at)
        if (bytes[at] !== 0) {
          const cursor = new AvroCursor(bytes, at, end)
          cursor.skipMap()
          at = cursor.at - 1
        }
      }
    }
    at++
    const first = bytes[at]!
    const second = bytes[at + 1]!
    if (at < end && first < 0x80 && (first & 1) === 0) at += 1 + (first >>> 1)
    else if (at + 1 < end && second < 0x80 && (first & 1) === 0) at += 2 + (((first & 0x7f) | (second << 7)) >>> 1)
    else at = skipString(bytes, at, end)
    if (at > end) throw outside(at)
  }
  return at
}

/**
 * The items of an Avro array of events that begins at `at` and must end at `end`, as one batch on the same bytes.
 * Several blocks are moved together in place. `memory`: what the batch may recycle.
 */
export function readEventArray(bytes: Buffer, at: number, end: number, memory: Buffer | undefined): Batch {
  const cursor = new AvroCursor(bytes, at, end)
  let total = 0
  let from = 0
  let to = 0
  for (;;) {
    let count = cursor.long()
    if (count === 0) break
    if (count < 0) {
      cursor.long()
      count = -count
    }
    const start = cursor.at
    cursor.at = skimEvents(bytes, start, end, count)
    if (total === 0) {
      from = start
      to = cursor.at
    } else {
      bytes.copyWithin(to, start, cursor.at)
      to += cursor.at - start
    }
    total += count
  }
  if (cursor.at !== end)
    throw new SluiceError('SLUICE_EVENT_FORMAT', `${end - cursor.at} bytes follow the array of events`)
  return new Batch(bytes.subarray(from, to), total, memory)
}

/** One event that begins at `at` and must end at `end`. */
export function readSingleEvent(bytes: Buffer, at: number, end: number, memory: Buffer | undefined): Batch {
  const behind = skimEvents(bytes, at, end, 1)
  if (behind !== end) throw new SluiceError('SLUICE_EVENT_FORMAT', `${end - behind} bytes follow the event`)
  return new Batch(bytes.subarray(at, end), 1, memory)
}

function skipString(bytes: Buffer, at: number, end: number): number {
  const cursor = new AvroCursor(bytes, at, end)
  cursor.skip()
  return cursor.at
}

function outside(at: number): SluiceError {
  return new SluiceError('SLUICE_EVENT_FORMAT', `an event leaves the data at byte ${at}`)
}
