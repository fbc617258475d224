import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import { isSluiceError } from '../../core/errors.ts'
import {
  drainNumbers,
  ledgerBalance,
  makeFileChannel,
  numberedBatch,
  range,
  temporaryFolder,
} from '../file-channel-rig.ts'

/** Small file systems of our own need the right to mount. */
const root = process.getuid?.() === 0
const onlyAsRoot = root ? test : test.skip

let place: ReturnType<typeof temporaryFolder>
let disk: string
let channel: FileChannel

beforeEach(() => {
  place = temporaryFolder()
  disk = path.join(place.folder, 'disk')
  fs.mkdirSync(disk)
})

afterEach(async () => {
  await channel.close(2000)
  if (root) execFileSync('umount', [disk])
  place.remove()
})

function mountTmpfs(megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
}

function mountExt4(megabytes: number): void {
  const image = path.join(place.folder, 'image')
  fs.writeFileSync(image, '')
  fs.truncateSync(image, megabytes << 20)
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image])
  execFileSync('mount', ['-o', 'loop', image, disk])
}

/** Puts until the disk refuses; how many events were accepted. */
async function fill(channel: FileChannel, first = 0): Promise<number> {
  for (let next = first; ; next += 1000)
    try {
      await channel.put(numberedBatch(next, 1000, 200))
    } catch (error) {
      expect(isSluiceError(error, 'SLUICE_DISK_FULL'), String(error)).toBe(true)
      return next
    }
}

onlyAsRoot.each([
  ['a 24 MB tmpfs', () => mountTmpfs(24)],
  ['a 64 MB ext4 on a loop device (root only)', () => mountExt4(64)],
])(
  'on %s: a full disk refuses puts, drains to the last event with nothing free, and takes puts again',
  async (_, mount) => {
    mount()
    channel = makeFileChannel(path.join(disk, 'channel'), {
      segmentSize: 4 << 20,
      hotTail: 0,
      reserve: 4 << 20,
      minimumRequiredSpace: 0,
    })
    await channel.open()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const filled = await fill(channel)
    expect(filled).toBeGreaterThan(20_000)
    expect(channel.stats().state).toBe('disk full')
    // Whatever room is left goes too: the index has none to grow in.
    const ballast = fs.openSync(path.join(disk, 'ballast'), 'w')
    try {
      for (;;) fs.writeSync(ballast, Buffer.alloc(4096))
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    }
    fs.closeSync(ballast)
    const numbers = await drainNumbers(channel)
    expect(numbers).toEqual(range(0, filled))
    // The room of what was drained comes back a moment later: ext4 gives it with its next commit, which it makes every 5 s.
    let more = filled
    for (const deadline = performance.now() + 15_000; more === filled && performance.now() < deadline;)
      more = await fill(channel, filled)
    expect(more).toBeGreaterThan(filled + 5000)
    expect(ledgerBalance(channel)).toBe(0)
    await channel.close(2000)
    fs.rmSync(path.join(disk, 'ballast'))
    channel = makeFileChannel(path.join(disk, 'channel'), { minimumRequiredSpace: 0 })
    await channel.open()
    expect(channel.stats().state).toBe('running')
    expect(await drainNumbers(channel)).toEqual(range(filled, more))
    expect(channel.stats().ledger).toMatchObject({ received: more, delivered: more, lost: 0 })
  },
)

onlyAsRoot('less room than minimumRequiredSpace is a wait, then a refusal, and passes when there is room', async () => {
  mountTmpfs(32)
  channel = makeFileChannel(path.join(disk, 'channel'), { minimumRequiredSpace: 16 << 20, keepAlive: 1500 })
  await channel.open()
  await channel.put(numberedBatch(0, 10))
  const ballast = path.join(disk, 'ballast')
  fs.writeFileSync(ballast, Buffer.alloc(24 << 20))
  await new Promise((resolve) => setTimeout(resolve, 150))
  channel.stats()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(channel.stats()).toMatchObject({ state: 'disk full' })
  await expect(channel.put(numberedBatch(10, 10))).rejects.toMatchObject({ code: 'SLUICE_DISK_FULL' })
  const waiting = channel.put(numberedBatch(10, 10))
  setTimeout(() => fs.rmSync(ballast), 200)
  await waiting
  expect(await drainNumbers(channel)).toEqual(range(0, 20))
})

onlyAsRoot('a channel that is started on a full disk, with nothing free at all, opens and drains', async () => {
  mountTmpfs(24)
  const settings = { segmentSize: 4 << 20, hotTail: 0, reserve: 4 << 20, minimumRequiredSpace: 0 }
  channel = makeFileChannel(path.join(disk, 'channel'), settings)
  await channel.open()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const filled = await fill(channel)
  await channel.close(2000)
  const ballast = fs.openSync(path.join(disk, 'ballast'), 'w')
  expect(() => {
    for (;;) fs.writeSync(ballast, Buffer.alloc(4096))
  }).toThrow(/ENOSPC/)
  fs.closeSync(ballast)
  channel = makeFileChannel(path.join(disk, 'channel'), settings)
  await channel.open()
  expect(await drainNumbers(channel)).toEqual(range(0, filled))
  expect(await fill(channel, filled)).toBeGreaterThan(filled + 5000)
  expect(ledgerBalance(channel)).toBe(0)
})
