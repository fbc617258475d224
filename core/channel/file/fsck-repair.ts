import type { FsckProblem } from './fsck.ts'
import { FolderLock } from './folder-lock.ts'
import { FrameCodec } from './frame-codec.ts'
import { QuarantineFile } from './quarantine-file.ts'
import { recover, type Recovered } from './recovery.ts'
import { replaceIndex } from './index-keeper.ts'

/**
 * Mends a stopped channel's folder: cuts an unfinished tail, brings the index up to date or makes it again, sends
 * frames that cannot be read to quarantine, counts what is gone as lost. Throws `SLUICE_CHANNEL_LOCKED` while the
 * channel is in use. Returns what was done, in words.
 */
export function repairChannel(folder: string, problems: readonly FsckProblem[]): string[] {
  const lock = new FolderLock(folder)
  try {
    const done: string[] = []
    if (problems.some(({ kind }) => kind === 'index wrong' || kind === 'index damaged' || kind === 'books wrong')) {
      replaceIndex(folder, Date.now()).close()
      done.push('put the index aside, to be made again')
    }
    const recovered = recover(folder, Date.now())
    try {
      const { report } = recovered
      if (report.rebuilt !== undefined) done.push(`made the index from the segments: ${report.rebuilt}`)
      else if (report.reindexedBlocks > 0) done.push(`indexed ${report.reindexedBlocks} blocks`)
      if (report.truncatedBytes > 0) done.push(`cut ${report.truncatedBytes} bytes of an unfinished group`)
      if (report.lostEvents > 0) done.push(`counted ${report.lostEvents} events as lost`)
      done.push(...quarantineDamaged(folder, recovered, problems))
      recovered.index.write(recovered.state, true)
    } finally {
      recovered.index.close()
    }
    return done
  } finally {
    lock.release()
  }
}

function quarantineDamaged(folder: string, { state, index }: Recovered, problems: readonly FsckProblem[]): string[] {
  const done: string[] = []
  const quarantine = new QuarantineFile(folder, state, new FrameCodec({ compression: 'none', keys: [] }))
  for (const { kind, segment, offset, end, message } of problems) {
    if (kind !== 'damaged frame' && kind !== 'events unreadable') continue
    if (segment === undefined || offset === undefined || end === undefined) continue
    for (const row of index.blocksOf(segment)) {
      if (row.offset >= end || row.offset + row.size <= offset) continue
      const next = row.firstEvent + row.count
      const settlement = { first: row.firstEvent, next, kind: 'quarantined', reason: message, at: Date.now() } as const
      quarantine.keepDamaged({ segment, offset: row.offset }, row.size)
      const events = state.settle(settlement, row.rawLength)
      if (events > 0) done.push(`sent ${events} events at byte ${row.offset} of segment ${segment} to quarantine`)
    }
  }
  quarantine.close()
  return done
}
