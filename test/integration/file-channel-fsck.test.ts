import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import { fsck } from '../../core/channel/file/fsck.ts'
import { ChannelReader } from '../../core/channel/file/reader.ts'
import { listSegments, segmentPath } from '../../core/channel/file/segment-files.ts'
import {
  drainNumbers,
  ledgerBalance,
  makeFileChannel,
  numberedBatch,
  range,
  temporaryFolder,
} from '../file-channel-rig.ts'

const settings = { segmentSize: 128 << 10, hotTail: 0 }
const all = 2000

let place: ReturnType<typeof temporaryFolder>
let folder: string
let channel: FileChannel

beforeEach(async () => {
  place = temporaryFolder()
  folder = path.join(place.folder, 'channel')
  channel = makeFileChannel(folder, settings)
  await channel.open()
  for (let first = 0; first < all; first += 50) await channel.put(numberedBatch(first, 50, 200))
  await (await channel.take(120, 1 << 20, 100))!.ack()
  await (await channel.take(10, 1 << 20, 100))!.quarantine('refused')
})

afterEach(async () => {
  await channel.close(2000)
  place.remove()
})

async function settled(): Promise<void> {
  // Acknowledgements travel with the next group, and the index trails by some milliseconds.
  await channel.put(numberedBatch(all, 50))
  const reader = new ChannelReader(folder)
  const known = () => expect(reader.summary()).toMatchObject({ low: 130, nextEvent: all + 50 })
  await vi.waitFor(known, 10_000).finally(() => reader.close())
}

function kinds(report: Awaited<ReturnType<typeof fsck>>): string[] {
  return report.problems.filter(({ serious }) => serious).map(({ kind }) => kind)
}

test('a sound channel passes, running, stopped and copied, and its ledger is proved from the segments', async () => {
  await settled()
  for (const where of ['running', 'stopped', 'copied']) {
    if (where === 'stopped') await channel.close(2000)
    if (where === 'copied') fs.cpSync(folder, (folder = path.join(place.folder, 'copy')), { recursive: true })
    const report = await fsck(folder)
    expect(kinds(report), where).toEqual([])
    expect(report).toMatchObject({ ok: true, queuedFound: 1920, quarantine: { frames: 1, events: 10 } })
    expect(report.ledger).toMatchObject({ received: 2050, delivered: 120, queued: 1920, quarantined: 10 })
  }
})

test('what is wrong is found, and repaired where it can be', async () => {
  await settled()
  await channel.close(2000)
  const [, second, third] = listSegments(folder)
  const bytes = fs.readFileSync(segmentPath(folder, second!))
  const start = bytes.indexOf('SLF1', 200, 'latin1')
  bytes[start + 5000]! ^= 1
  fs.writeFileSync(segmentPath(folder, second!), bytes)
  fs.rmSync(segmentPath(folder, third!))
  fs.appendFileSync(segmentPath(folder, listSegments(folder).at(-1)!), 'half a frame')
  const report = await fsck(folder)
  expect(report.ok).toBe(false)
  expect(kinds(report)).toEqual(expect.arrayContaining(['damaged frame', 'segment missing', 'events missing']))
  const repaired = await fsck(folder, { repair: true })
  expect(repaired.problems).toEqual([expect.objectContaining({ kind: 'damaged frame', serious: false })])
  expect(repaired.ledger).toMatchObject({ received: 2050, quarantined: 60 })
  expect(repaired.ledger!.lost).toBeGreaterThan(100)
  expect(repaired.repairs.join('\n')).toMatch(/lost[^]*50 events[^]*quarantine/)
  channel = makeFileChannel(folder, settings)
  await channel.open()
  expect(await drainNumbers(channel)).toHaveLength(repaired.ledger!.queued)
  expect(ledgerBalance(channel)).toBe(0)
})

test('an index that is gone or lies is made again by a repair', async () => {
  await settled()
  await channel.close(2000)
  for (const name of fs.readdirSync(folder)) if (name.startsWith('index.db')) fs.rmSync(path.join(folder, name))
  expect(kinds(await fsck(folder))).toEqual(['index missing'])
  const report = await fsck(folder, { repair: true })
  expect(report.ok).toBe(true)
  expect(report.queuedFound).toBe(report.ledger!.queued)
})

test('a channel in use is not repaired, and a folder that is none is refused', async () => {
  const file = segmentPath(folder, listSegments(folder)[1]!)
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, 'yyyy', 6000)
  fs.closeSync(descriptor)
  await expect(fsck(folder, { repair: true })).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_LOCKED' })
  await expect(fsck(place.folder)).rejects.toMatchObject({ code: 'SLUICE_FILE' })
})

test('a reader lists a live backlog from either end, at a number and at a time, and sees no settled event', async () => {
  await settled()
  const reader = new ChannelReader(folder)
  try {
    expect(reader.summary()).toMatchObject({ low: 130, nextEvent: 2050, queued: 1920 })
    const numbers = async (start: Parameters<ChannelReader['events']>[0], count: number, backward?: boolean) => {
      const found: number[] = []
      for await (const { number, event } of reader.events(start, backward)) {
        expect(Number.parseInt(event.body.toString(), 10)).toBe(number)
        found.push(number)
        if (found.length === count) break
      }
      return found
    }
    expect(await numbers('oldest', 75)).toEqual(range(130, 205))
    expect(await numbers('newest', 75)).toEqual(range(1975, 2050).reverse())
    expect(await numbers({ event: 777 }, 60)).toEqual(range(777, 837))
    expect(await numbers({ event: 777 }, 60, true)).toEqual(range(718, 778).reverse())
    const [tenth] = reader.blocks({ event: 1000 }, 1)
    expect((await numbers({ at: tenth!.at }, 1))[0]).toBeLessThanOrEqual(1000)
    expect(await numbers({ at: Date.now() + 60_000 }, 1)).toEqual([])
    expect(reader.quarantine()).toMatchObject([{ firstEvent: 120, reason: 'refused', batch: { count: 10 } }])
    expect(await drainNumbers(channel)).toHaveLength(1920)
    await channel.put(numberedBatch(2050, 1))
    await expect.poll(() => numbers('oldest', 10)).toEqual([2050])
  } finally {
    await reader.close()
  }
})
