import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import { listSegments, segmentPath } from '../../core/channel/file/segment-files.ts'
import {
  drainNumbers,
  ledgerBalance,
  makeFileChannel,
  numberedBatch,
  numbersOf,
  range,
  temporaryFolder,
} from '../file-channel-rig.ts'

let place: ReturnType<typeof temporaryFolder>
let folder: string
let channel: FileChannel
const settings = { hotTail: 0 }

beforeEach(async () => {
  place = temporaryFolder()
  folder = path.join(place.folder, 'channel')
  channel = makeFileChannel(folder, settings)
  await channel.open()
})

afterEach(async () => {
  await channel.close(2000)
  place.remove()
})

/** After a power cut the index may be as it was some time ago, while the segments are as they are. */
async function withOldIndex(
  between: () => Promise<void>,
  change: () => void = () => undefined,
  more = {},
): Promise<void> {
  await channel.close(2000)
  const old = path.join(place.folder, 'old')
  fs.mkdirSync(old)
  fs.copyFileSync(path.join(folder, 'index.db'), path.join(old, 'index.db'))
  channel = makeFileChannel(folder, { ...settings, ...more })
  await channel.open()
  await between()
  await channel.close(2000)
  fs.copyFileSync(path.join(old, 'index.db'), path.join(folder, 'index.db'))
  change()
  channel = makeFileChannel(folder, { ...settings, ...more })
  await channel.open()
}

function flipIn(body: string): void {
  for (const id of listSegments(folder)) {
    const file = segmentPath(folder, id)
    const bytes = fs.readFileSync(file)
    const at = bytes.indexOf(`${body} x`)
    if (at < 0) continue
    bytes[at]! ^= 1
    fs.writeFileSync(file, bytes)
    return
  }
  throw new Error(`no event ${body}`)
}

test('what the index has not heard of is taken in from the segments: events, positions, identities', async () => {
  await channel.put(numberedBatch(0, 10))
  const position = { key: 'tail/1', offset: 9, state: '{}' }
  const identity = { sender: 'ef'.repeat(16), firstEvent: 0, floor: 0 }
  await withOldIndex(async () => {
    await channel.put(numberedBatch(10, 10), { position })
    await channel.put(numberedBatch(20, 10), { identity })
  })
  expect(channel.position('tail/1')).toEqual(position)
  await channel.put(numberedBatch(20, 10), { identity })
  await channel.put(numberedBatch(10, 10), { position })
  expect(channel.stats().ledger).toMatchObject({ received: 30, repeated: 20, lost: 0 })
  expect(await drainNumbers(channel)).toEqual(range(0, 30))
})

test('acknowledgements and removed segments that the index forgot are known from the head of the newest segment', async () => {
  const more = { segmentSize: 1 << 20 }
  await channel.put(numberedBatch(0, 10))
  await withOldIndex(
    async () => {
      for (let first = 10; first < 30_010; first += 1000) {
        await channel.put(numberedBatch(first, 1000, 300))
        const lease = await channel.take(900, 1 << 30, 100)
        await lease!.ack()
      }
    },
    undefined,
    more,
  )
  const { ledger } = channel.stats()
  expect(ledger).toMatchObject({ received: 30_010, lost: 0 })
  expect(ledger.delivered).toBeGreaterThan(20_000)
  expect(ledgerBalance(channel)).toBe(0)
  const numbers = await drainNumbers(channel)
  expect(numbers).toEqual(range(numbers[0]!, 30_010))
  expect(numbers[0]).toBeLessThanOrEqual(27_000)
})

test('a group that is only half on the disk was never acknowledged: all of it is cut and nothing counts as lost', async () => {
  await channel.put(numberedBatch(0, 10, 50))
  await withOldIndex(
    async () => {
      await Promise.all([channel.put(numberedBatch(10, 10, 50)), channel.put(numberedBatch(20, 10, 50))])
    },
    () => flipIn('10'),
  )
  expect(channel.stats().ledger).toMatchObject({ received: 10, queued: 10, lost: 0 })
  await channel.put(numberedBatch(10, 10))
  expect(await drainNumbers(channel)).toEqual(range(0, 20))
})

test('damage with a later group behind it was acknowledged once: it is counted as lost, and what follows is kept', async () => {
  await channel.put(numberedBatch(0, 10, 50))
  await withOldIndex(
    async () => {
      await channel.put(numberedBatch(10, 10, 50))
      await channel.put(numberedBatch(20, 10, 50))
    },
    () => flipIn('10'),
  )
  expect(channel.stats().ledger).toMatchObject({ received: 30, queued: 20, lost: 10 })
  expect(ledgerBalance(channel)).toBe(0)
  expect(await drainNumbers(channel)).toEqual([...range(0, 10), ...range(20, 30)])
})

test('event numbers are never given twice, and a lease never spans a gap', async () => {
  await channel.put(numberedBatch(0, 10, 50))
  await channel.put(numberedBatch(10, 10, 50))
  await channel.put(numberedBatch(20, 10, 50))
  await channel.drop([[10, 20]], 'test')
  const one = await channel.take(100, 1 << 20, 100)
  const two = await channel.take(100, 1 << 20, 100)
  expect([one!.identity!.firstEvent, one!.count]).toEqual([0, 10])
  expect([two!.identity!.firstEvent, two!.count]).toEqual([20, 10])
  expect(numbersOf(two!.batches)).toEqual(range(20, 30))
  await one!.ack()
  await two!.ack()
  await channel.close(2000)
  channel = makeFileChannel(folder, settings)
  await channel.open()
  await channel.put(numberedBatch(30, 1))
  const three = await channel.take(1, 1 << 20, 100)
  expect(three!.identity).toMatchObject({ sender: one!.identity!.sender, firstEvent: 30, floor: 30 })
  await three!.ack()
})
