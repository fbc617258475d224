import fs from 'node:fs'
import type { ChannelState } from './channel-state.ts'
import { saltOf } from './frame.ts'
import { scanFrames } from './frame-scan.ts'
import { segmentPath } from './segment-files.ts'

/**
 * Marks everything that a fresh index must be told as changed: all the state holds, and the place of every block that
 * still has waiting events, read from the headers in the segments.
 */
export function rebuildBlocks(folder: string, state: ChannelState): void {
  const { changes } = state
  changes.blocks.length = 0
  for (const segment of state.segments) {
    changes.segments.add(segment)
    const descriptor = fs.openSync(segmentPath(folder, segment.id), 'r')
    try {
      const options = { salt: saltOf(state.channel), payloads: false }
      for (const item of scanFrames(descriptor, 0, segment.length, options)) {
        if (item.found !== 'frame' || item.header.kind !== 'events' || item.header.count === 0) continue
        const { firstEvent, count, block, rawLength, at } = item.header
        if (firstEvent + count <= state.low) continue
        const size = item.end - item.at
        changes.blocks.push({ firstEvent, count, block, segment: segment.id, offset: item.at, size, rawLength, at })
      }
    } finally {
      fs.closeSync(descriptor)
    }
  }
  for (const key of state.positions.keys()) changes.positions.add(key)
  for (const sender of state.identities.senders()) changes.identities.add(sender)
  changes.settled.length = 0
  for (const [first, next] of state.settled)
    changes.settled.push({ first, next, kind: 'delivered', reason: 'index made again', at: 0 })
  changes.counters = true
}
