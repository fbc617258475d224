import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import type { FileChannelSettings } from '../../core/channel/file/file-channel-settings.ts'
import { listSegments, segmentPath } from '../../core/channel/file/segment-files.ts'
import {
  drainNumbers,
  ledgerBalance,
  makeFileChannel,
  numberedBatch,
  range,
  temporaryFolder,
} from '../file-channel-rig.ts'

/** 40 blocks of 50 events, 200 bytes each, over several segments, none of them kept in memory. */
const settings: Partial<FileChannelSettings> = { segmentSize: 128 << 10, hotTail: 0 }
const blocks = 40
const perBlock = 50
const all = blocks * perBlock

let place: ReturnType<typeof temporaryFolder>
let channel: FileChannel | undefined

beforeEach(async () => {
  place = temporaryFolder()
  channel = await filled()
})

afterEach(async () => {
  await channel?.close(2000)
  place.remove()
})

async function filled(): Promise<FileChannel> {
  const made = makeFileChannel(place.folder, settings)
  await made.open()
  for (let block = 0; block < blocks; block++) await made.put(numberedBatch(block * perBlock, perBlock, 200))
  return made
}

async function whileClosed(change: () => void): Promise<FileChannel> {
  await channel!.close(2000)
  change()
  channel = makeFileChannel(place.folder, settings)
  await channel.open()
  return channel
}

function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file)
  bytes[at]! ^= 0x10
  fs.writeFileSync(file, bytes)
}

function removeIndex(): void {
  for (const name of fs.readdirSync(place.folder))
    if (name.startsWith('index.db')) fs.rmSync(path.join(place.folder, name))
}

/** Where the frame of a block starts: every frame has the place of its number in its events. */
function offsetOf(file: string, body: string): number {
  const bytes = fs.readFileSync(file)
  return bytes.lastIndexOf('SLF1', bytes.indexOf(`${body} x`), 'latin1')
}

test('a segment that ends early and damage at the head of the next cost what is gone, and the rest is delivered', async () => {
  const [second, third] = [segmentPath(place.folder, 2), segmentPath(place.folder, 3)]
  const numbersIn = (file: string) =>
    [...fs.readFileSync(file, 'latin1').matchAll(/(\d+) x/g)].map(([, one]) => Number(one))
  const last = Math.floor(numbersIn(second).at(-1)! / perBlock) * perBlock
  const head = numbersIn(third)[0]!
  const open = await whileClosed(() => {
    // A block before the last is damaged too, so that the reader has to ask what lies behind it.
    flip(second, offsetOf(second, String(last - perBlock)) + 20)
    fs.truncateSync(second, offsetOf(second, String(last)) + 500)
    flip(third, offsetOf(third, String(head)) + 20)
  })
  expect(head).toBe(last + perBlock)
  expect(await drainNumbers(open)).toEqual([...range(0, last - perBlock), ...range(head + perBlock, all)])
  expect(open.stats().ledger).toMatchObject({ received: all, queued: 0, lost: perBlock, quarantined: 2 * perBlock })
  expect(ledgerBalance(open)).toBe(0)
})

test.each([
  ['a payload', 1000],
  ['a header', 20],
  ['a magic number', 1],
])('a flipped bit in %s costs its block alone, which goes to quarantine with a reason', async (_, within) => {
  const second = segmentPath(place.folder, 2)
  const body = /(\d+) x/.exec(fs.readFileSync(second, 'latin1'))![1]!
  const first = Number(body)
  const open = await whileClosed(() => flip(second, offsetOf(second, body) + within))
  expect(await drainNumbers(open)).toEqual([...range(0, first), ...range(first + perBlock, all)])
  expect(open.stats().ledger).toMatchObject({
    received: all,
    delivered: all - perBlock,
    quarantined: perBlock,
    lost: 0,
  })
  expect(fs.readdirSync(path.join(place.folder, 'damaged'))).toHaveLength(1)
  await open.put(numberedBatch(all, 10))
  expect(await drainNumbers(open)).toEqual(range(all, all + 10))
})

test('a damaged frame is lost and counted when the index is gone too', async () => {
  const second = segmentPath(place.folder, 2)
  const body = /(\d+) x/.exec(fs.readFileSync(second, 'latin1'))![1]!
  const first = Number(body)
  const open = await whileClosed(() => {
    flip(second, offsetOf(second, body) + 20)
    removeIndex()
  })
  expect(await drainNumbers(open)).toEqual([...range(0, first), ...range(first + perBlock, all)])
  expect(open.stats().ledger).toMatchObject({ received: all, lost: perBlock })
  expect(ledgerBalance(open)).toBe(0)
})

test('a segment that is gone is counted as lost, and the rest is delivered', async () => {
  const text = fs.readFileSync(segmentPath(place.folder, 2), 'latin1')
  const gone = [...text.matchAll(/(\d+) x/g)].map((match) => Number(match[1]))
  const open = await whileClosed(() => fs.rmSync(segmentPath(place.folder, 2)))
  expect(open.stats().ledger).toMatchObject({ received: all, queued: all - gone.length, lost: gone.length })
  expect(await drainNumbers(open)).toEqual([...range(0, gone[0]!), ...range(gone.at(-1)! + 1, all)])
  expect(ledgerBalance(open)).toBe(0)
})

test('a segment that is removed under a running channel is counted as lost, and the rest is delivered', async () => {
  const text = fs.readFileSync(segmentPath(place.folder, 2), 'latin1')
  const gone = [...text.matchAll(/(\d+) x/g)].map((match) => Number(match[1]))
  fs.rmSync(segmentPath(place.folder, 2))
  expect(await drainNumbers(channel!)).toEqual([...range(0, gone[0]!), ...range(gone.at(-1)! + 1, all)])
  expect(channel!.stats().ledger).toMatchObject({ received: all, queued: 0, lost: gone.length })
  expect(ledgerBalance(channel!)).toBe(0)
})

test('a segment in whose place another one lies costs what it held, and the rest is delivered', async () => {
  const second = fs.readFileSync(segmentPath(place.folder, 2), 'latin1')
  const gone = [...second.matchAll(/(\d+) x/g)].map((match) => Number(match[1]))
  const open = await whileClosed(() => fs.copyFileSync(segmentPath(place.folder, 1), segmentPath(place.folder, 2)))
  expect(await drainNumbers(open)).toEqual([...range(0, gone[0]!), ...range(gone.at(-1)! + 1, all)])
  const { ledger } = open.stats()
  expect(ledger).toMatchObject({ received: all, queued: 0 })
  expect(ledger.lost + ledger.quarantined).toBe(gone.length)
  expect(ledgerBalance(open)).toBe(0)
  await open.put(numberedBatch(all, perBlock))
  expect(await drainNumbers(open)).toEqual(range(all, all + perBlock))
})

test('the newest segment in whose place another one lies costs what it held as soon as something new comes', async () => {
  const last = listSegments(place.folder).at(-1)!
  const open = await whileClosed(() => fs.copyFileSync(segmentPath(place.folder, 1), segmentPath(place.folder, last)))
  await open.put(numberedBatch(all, perBlock))
  const numbers = await drainNumbers(open)
  expect(numbers.slice(-perBlock)).toEqual(range(all, all + perBlock))
  const { ledger } = open.stats()
  expect(ledger).toMatchObject({ queued: 0 })
  expect(ledger.lost + ledger.quarantined).toBe(all + perBlock - numbers.length)
  expect(ledgerBalance(open)).toBe(0)
})

test('a folder that cannot be reached for a while is no loss', async () => {
  const away = `${place.folder}-away`
  fs.renameSync(place.folder, away)
  await expect(channel!.take(10, 1 << 20, 100)).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_IO' })
  fs.renameSync(away, place.folder)
  expect(await drainNumbers(channel!)).toEqual(range(0, all))
  expect(channel!.stats().ledger).toMatchObject({ received: all, lost: 0 })
})

test.each([
  ['the newest segment', -1],
  ['an older segment', 1],
])('%s that ends early is counted as lost', async (_, at) => {
  const open = await whileClosed(() => {
    const file = segmentPath(place.folder, listSegments(place.folder).at(at)!)
    fs.truncateSync(file, fs.statSync(file).size - 15_000)
  })
  const { lost } = open.stats().ledger
  expect(lost).toBeGreaterThanOrEqual(perBlock)
  await open.put(numberedBatch(all, perBlock))
  const numbers = await drainNumbers(open)
  expect(numbers).toHaveLength(all + perBlock - lost)
  expect(numbers.slice(-perBlock)).toEqual(range(all, all + perBlock))
  expect(ledgerBalance(open)).toBe(0)
})

test('half a frame at the end is cut off and nothing is missed', async () => {
  const open = await whileClosed(() => {
    const file = segmentPath(place.folder, listSegments(place.folder).at(-1)!)
    const head = fs.readFileSync(segmentPath(place.folder, 1)).subarray(0, 700)
    fs.appendFileSync(file, head)
    fs.appendFileSync(file, Buffer.alloc(5000))
  })
  expect(await drainNumbers(open)).toEqual(range(0, all))
  expect(open.stats().ledger).toMatchObject({ received: all, lost: 0 })
})

test('an index that is cut, empty or no database at all is put aside and made again', async () => {
  const index = path.join(place.folder, 'index.db')
  for (const damage of [
    () => fs.truncateSync(index, 5000),
    () => fs.truncateSync(index, 0),
    () => fs.writeFileSync(index, 'no database at all, just some text'.repeat(400)),
  ]) {
    const open = await whileClosed(damage)
    expect(open.stats().ledger).toMatchObject({ received: all, queued: all, lost: 0 })
  }
  expect(await drainNumbers(channel!)).toEqual(range(0, all))
})

test('bits flipped anywhere in the index never cost an event', async () => {
  const index = path.join(place.folder, 'index.db')
  for (let round = 0; round < 12; round++) {
    const open = await whileClosed(() => flip(index, Math.floor((fs.statSync(index).size * (round + 0.5)) / 12)))
    expect(ledgerBalance(open)).toBe(0)
    const numbers: number[] = []
    for (;;) {
      const lease = await open.take(1000, 1 << 20, 50)
      if (lease === undefined) break
      for (const batch of lease.batches)
        for (const { body } of batch.events()) numbers.push(Number.parseInt(body.toString(), 10))
    }
    expect(numbers).toEqual(range(0, all))
  }
})

test('an index that is damaged while the channel runs is made again without a word to sources or sinks', async () => {
  // The log's own index too, or SQLite would go on with what it has in memory.
  for (const suffix of ['', '-wal', '-shm']) {
    const file = path.join(place.folder, `index.db${suffix}`)
    fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 0x5a), { flag: 'r+' })
  }
  await channel!.put(numberedBatch(all, perBlock, 200))
  expect(await drainNumbers(channel!)).toEqual(range(0, all + perBlock))
  const open = await whileClosed(() => undefined)
  expect(fs.readdirSync(place.folder).some((name) => name.startsWith('index.db.damaged-'))).toBe(true)
  expect(open.stats().ledger).toMatchObject({ received: all + perBlock, lost: 0 })
  expect(ledgerBalance(open)).toBe(0)
})
