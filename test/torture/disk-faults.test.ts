import path from 'node:path'
import fs from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFileChannel, temporaryFolder } from '../file-channel-rig.ts'
import { DiskLoad } from './disk-load.ts'
import { DiskShim, type FaultRule, shimMissing } from './disk-shim.ts'
import { acknowledgedEvents, holdToWitness } from './disk-witness.ts'

let place: ReturnType<typeof temporaryFolder>
let load: DiskLoad | undefined
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(async () => {
  await load?.kill()
  place.remove()
})

interface Scenario {
  readonly what: string
  readonly rules: readonly FaultRule[]
  /** The codes that puts were refused with: all of them and no others. */
  readonly refused: readonly string[]
}

const scenarios: readonly Scenario[] = [
  {
    what: 'one fdatasync of a segment fails',
    rules: [{ call: 'fdatasync', part: 'segment-', skip: 20, count: 1, error: 'EIO' }],
    refused: ['SLUICE_CHANNEL_IO'],
  },
  {
    what: 'six fdatasyncs of segments fail in a row, so that the worker is started again',
    rules: [{ call: 'fdatasync', part: 'segment-', skip: 20, count: 6, error: 'EIO' }],
    refused: ['SLUICE_CHANNEL_IO'],
  },
  {
    what: 'writes to a segment fail',
    rules: [{ call: 'pwritev', part: 'segment-', skip: 20, count: 3, error: 'EIO' }],
    refused: ['SLUICE_CHANNEL_IO'],
  },
  {
    what: 'the disk is full for ten writes to a segment',
    rules: [{ call: 'pwritev', part: 'segment-', skip: 20, count: 10, error: 'ENOSPC' }],
    refused: ['SLUICE_DISK_FULL'],
  },
  {
    what: 'the disk is full after half of a write, and the file cannot be cut back',
    rules: [
      // Several times, as some of these calls begin a new segment, which is removed instead. The first failure of two
      // is libuv's own second try.
      ...[10, 21, 32].flatMap((skip): FaultRule[] => [
        { call: 'pwritev', part: 'segment-', skip, count: 1, error: 'short' },
        { call: 'pwritev', part: 'segment-', skip, count: 2, error: 'ENOSPC' },
      ]),
      { call: 'ftruncate', part: 'segment-', skip: 0, count: 1, error: 'EIO' },
    ],
    refused: ['SLUICE_DISK_FULL'],
  },
  {
    what: 'new segments cannot be made',
    rules: [{ call: 'create', part: 'segment-', skip: 3, count: 2, error: 'ENOSPC' }],
    refused: ['SLUICE_DISK_FULL'],
  },
  {
    what: 'the index cannot be written',
    rules: [{ call: 'pwrite', part: 'index.db', skip: 100, count: 40, error: 'EIO' }],
    refused: [],
  },
  {
    what: 'the index has no room',
    rules: [{ call: 'pwrite', part: 'index.db', skip: 100, count: 40, error: 'ENOSPC' }],
    refused: [],
  },
  {
    what: 'the index cannot be synced',
    rules: [{ call: 'fsync', part: 'index.db', skip: 12, count: 3, error: 'EIO' }],
    refused: [],
  },
  {
    what: 'every sync takes 200 ms for a while',
    rules: [{ call: 'fdatasync', part: 'segment-', skip: 20, count: 12, error: 'slow' }],
    refused: [],
  },
  {
    what: 'drained segments cannot be removed',
    rules: [{ call: 'unlink', part: 'segment-', skip: 1, count: 3, error: 'EIO' }],
    refused: [],
  },
]

test.skipIf(shimMissing).each(scenarios)(
  'while events flow, $what: only what failed is refused, the flow goes on by itself, nothing acknowledged is lost',
  async ({ rules, refused }) => {
    const shim = new DiskShim(place.folder)
    shim.rule(...rules)
    load = new DiskLoad(shim, 120)
    await load.done()
    await load.kill()
    const faults = shim.fired()
    for (const { call, count } of rules)
      expect(faults.filter((line) => line.startsWith(`${call} `)).length, call).toBeGreaterThanOrEqual(count)
    const witness = fs.readFileSync(path.join(shim.folder, 'witness'), 'utf8')
    const codes = witness
      .split('\n')
      .filter((line) => line.startsWith('X '))
      .map((line) => line.slice(2))
    expect([...new Set(codes)]).toEqual(refused)
    expect(acknowledgedEvents(witness)).toBeGreaterThan(3000)
    const channel = makeFileChannel(path.join(shim.folder, 'channel'))
    try {
      await channel.open()
      await holdToWitness(channel, witness)
    } finally {
      await channel.close(2000)
    }
  },
)
