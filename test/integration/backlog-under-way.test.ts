import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BacklogDesk } from '../../core/backlog/backlog-desk.ts'
import type { JobProgress } from '../../core/backlog/backlog-jobs.ts'
import { BacklogLook } from '../../core/backlog/backlog-look.ts'
import { systemClock } from '../../core/clock.ts'
import type { SluiceError } from '../../core/errors.ts'
import { makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'

/** Small file systems of our own need the right to mount. */
const root = process.getuid?.() === 0

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

test('pages that are read while the channel is drained hold right rows in order, and no drained segment is an error', async () => {
  const events = 60_000
  const folder = join(place.folder, 'c1')
  // Small segments, so that many are removed under the reader.
  const channel = makeFileChannel(folder, { segmentSize: 1 << 20, hotTail: 0 })
  await channel.open()
  for (let first = 0; first < events; first += 1_000) await channel.put(numberedBatch(first, 1_000, 100))
  const look = new BacklogLook({ folder, keys: [] })
  try {
    const drained = new AbortController()
    const drain = (async () => {
      let taken = 0
      for (;;) {
        const lease = await channel.take(500, 1 << 20, 100)
        if (lease === undefined) break
        for (const batch of lease.batches) taken += batch.count
        await lease.ack()
        await new Promise((resolve) => setImmediate(resolve))
      }
      drained.abort()
      return taken
    })()
    let pages = 0
    let rowsSeen = 0
    let lowest = 0
    while (!drained.signal.aborted) {
      const { low } = look.waiting()
      expect(low).toBeGreaterThanOrEqual(lowest)
      lowest = low
      for (const [start, backward] of [
        ['oldest', false],
        ['newest', true],
        [{ event: low + 700 }, false],
      ] as const) {
        const { rows } = await look.page(start, 100, backward)
        pages++
        rowsSeen += rows.length
        rows.forEach(({ number, body }, at) => {
          // Nothing that had been delivered before it was asked for, and each under its own number.
          expect(number).toBeGreaterThanOrEqual(low)
          expect(number).toBeGreaterThan(rows[at - 1]?.number ?? -1)
          expect(Number.parseInt(body, 10)).toBe(number)
        })
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await drain).toBe(events)
    expect(pages).toBeGreaterThan(20)
    expect(rowsSeen).toBeGreaterThan(1_000)
    await expect.poll(() => look.summary().queued).toBe(0)
    expect((await look.page('oldest', 100, false)).rows).toEqual([])
  } finally {
    await look.close()
    await channel.close(1_000)
  }
})

test.skipIf(!root)('an export onto a full disk says so and leaves no file behind (root only)', async () => {
  const disk = join(place.folder, 'disk')
  const folder = join(place.folder, 'c1')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
  const desk = new BacklogDesk(systemClock)
  const channel = makeFileChannel(folder)
  try {
    await channel.open()
    for (let first = 0; first < 20_000; first += 1_000) await channel.put(numberedBatch(first, 1_000, 1_000))
    const { events } = channel.stats()
    const written: number[] = []
    const job = { job: 'export', query: {}, start: 'oldest', format: 'ndjson', file: join(disk, 'c1.ndjson') } as const
    const error = await new Promise<SluiceError | undefined>((resolve) => {
      desk.start({ folder, keys: [] }, job, (progress: JobProgress) => written.push(progress.writtenBytes), resolve)
    })
    expect(error).toMatchObject({ code: 'SLUICE_DISK_FULL' })
    expect(error?.message).toBe(`the disk is full: ${join(disk, 'c1.ndjson')} could not be written`)
    expect(readdirSync(disk)).toEqual([])
    expect(channel.stats().events).toBe(events)
  } finally {
    await desk.close()
    await channel.close(1_000)
    execFileSync('umount', [disk])
  }
})
