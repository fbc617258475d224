import { afterEach, beforeEach, expect, test } from 'vitest'
import fs from 'node:fs'
import path from 'node:path'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import { Batch } from '../../core/event/batch.ts'
import type { Lane } from '../../core/channel/channel.ts'
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
let channel: FileChannel

beforeEach(async () => {
  place = temporaryFolder()
  channel = makeFileChannel(place.folder)
  await channel.open()
})

afterEach(async () => {
  await channel.close(2000)
  place.remove()
})

async function reopen(settings: Parameters<typeof makeFileChannel>[1] = {}): Promise<void> {
  await channel.close(2000)
  channel = makeFileChannel(place.folder, settings)
  await channel.open()
}

test('events come out in the order of the puts, concurrent or not', async () => {
  await Promise.all(range(0, 50).map((index) => channel.put(numberedBatch(index * 20, 20))))
  expect(await drainNumbers(channel, 77)).toEqual(range(0, 1000))
  expect(ledgerBalance(channel)).toBe(0)
})

test('a restart keeps what is not acknowledged and forgets what is', async () => {
  for (let first = 0; first < 1000; first += 100) await channel.put(numberedBatch(first, 100))
  const lease = await channel.take(250, 1 << 20, 100)
  await lease!.ack()
  const lost = await channel.take(50, 1 << 20, 100)
  expect(numbersOf(lost!.batches)[0]).toBe(250)
  await reopen()
  expect(channel.stats().ledger).toMatchObject({ received: 1000, delivered: 250, queued: 750 })
  expect(await drainNumbers(channel)).toEqual(range(250, 1000))
  await reopen()
  expect(channel.stats().ledger).toMatchObject({ received: 1000, delivered: 1000, queued: 0 })
})

test('a block larger than the tail in memory is read from the segments, over many of them', async () => {
  await reopen({ hotTail: 0, segmentSize: 1 << 20 })
  for (let first = 0; first < 20_000; first += 500) await channel.put(numberedBatch(first, 500, 200))
  expect(fs.readdirSync(place.folder).filter((name) => name.startsWith('segment-')).length).toBeGreaterThan(3)
  expect(await drainNumbers(channel)).toEqual(range(0, 20_000))
  await reopen({ hotTail: 0, segmentSize: 1 << 20 })
  expect(fs.readdirSync(place.folder).filter((name) => name.startsWith('segment-'))).toHaveLength(1)
})

test('leases that come back are taken again, in order, and may be settled in any order', async () => {
  await channel.put(numberedBatch(0, 100))
  const [one, two, three] = [
    await channel.take(10, 1 << 20, 100),
    await channel.take(10, 1 << 20, 100),
    await channel.take(10, 1 << 20, 100),
  ]
  await three!.ack()
  two!.release()
  one!.release()
  expect(channel.stats().ledger).toMatchObject({ delivered: 10, queued: 90 })
  await reopen()
  expect(await drainNumbers(channel, 7)).toEqual([...range(0, 20), ...range(30, 100)])
})

test('a repeat by identity is not stored; of a partial repeat only the new part is', async () => {
  const sender = 'ab'.repeat(16)
  await channel.put(numberedBatch(0, 10), { identity: { sender, firstEvent: 100, floor: 0 } })
  await channel.put(numberedBatch(0, 10), { identity: { sender, firstEvent: 100, floor: 0 } })
  await reopen()
  await channel.put(numberedBatch(0, 20), { identity: { sender, firstEvent: 100, floor: 0 } })
  expect(await drainNumbers(channel)).toEqual(range(0, 20))
  expect(channel.stats().ledger).toMatchObject({ received: 20, repeated: 20 })
})

test('a position is stored with its events, and a batch that ends at or before it is a repeat', async () => {
  const position = { key: 'tail/1', offset: 70, state: '{"path":"a"}' }
  await channel.put(numberedBatch(0, 10), { position })
  await reopen()
  expect(channel.position('tail/1')).toEqual(position)
  await channel.put(numberedBatch(0, 10), { position })
  await channel.put(numberedBatch(10, 10), { position: { ...position, offset: 140 } })
  expect(await drainNumbers(channel)).toEqual(range(0, 20))
  await channel.forgetPositions(['tail/1'])
  await reopen()
  expect(channel.positions('')).toEqual([])
})

test('a full channel makes puts wait, and lets them in as soon as there is room', async () => {
  await reopen({ capacity: 100, keepAlive: 200 })
  await channel.put(numberedBatch(0, 100))
  const lane: Lane = {}
  await expect(channel.put(numberedBatch(100, 1), { lane })).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
  await expect(channel.put(numberedBatch(101, 1), { lane })).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
  expect(channel.stats().state).toBe('full')
  const waiting = channel.put(numberedBatch(100, 10))
  const lease = await channel.take(50, 1 << 20, 100)
  await lease!.ack()
  await waiting
  expect(await drainNumbers(channel)).toEqual(range(50, 110))
})

test('a second channel on the same folder is refused and told who has it', async () => {
  const other = makeFileChannel(place.folder)
  await expect(other.open()).rejects.toMatchObject({
    code: 'SLUICE_CHANNEL_LOCKED',
    details: { folder: place.folder, pid: process.pid },
  })
  await channel.put(numberedBatch(0, 1))
})

test('quarantined events leave the queue and are kept', async () => {
  await channel.put(numberedBatch(0, 30))
  const lease = await channel.take(10, 1 << 20, 100)
  await lease!.quarantine('refused by the test')
  expect(channel.stats().ledger).toMatchObject({ quarantined: 10, queued: 20 })
  expect(fs.statSync(path.join(place.folder, 'quarantine')).size).toBeGreaterThan(0)
  await reopen()
  expect(await drainNumbers(channel)).toEqual(range(10, 30))
  expect(ledgerBalance(channel)).toBe(0)
})

test('an index that is gone is made again from the segments, with positions, identities and the id', async () => {
  await reopen({ segmentSize: 1 << 20 })
  const sender = 'cd'.repeat(16)
  const position = { key: 'tail/1', offset: 5, state: '{}' }
  await channel.put(numberedBatch(0, 10, 10), { position, identity: { sender, firstEvent: 0, floor: 0 } })
  for (let first = 10; first < 9010; first += 500) await channel.put(numberedBatch(first, 500, 300))
  const identity = (await channel.take(4000, 1 << 30, 100))!
  await identity.ack()
  await channel.put(numberedBatch(9010, 500, 300))
  await channel.close(2000)
  for (const name of fs.readdirSync(place.folder))
    if (name.startsWith('index.db')) fs.rmSync(path.join(place.folder, name))
  channel = makeFileChannel(place.folder)
  await channel.open()
  expect(channel.position('tail/1')).toEqual(position)
  await channel.put(numberedBatch(0, 10), { identity: { sender, firstEvent: 0, floor: 0 } })
  expect(channel.stats().ledger).toMatchObject({ received: 9510, repeated: 10, lost: 0 })
  expect(ledgerBalance(channel)).toBe(0)
  const lease = await channel.take(1, 1 << 20, 100)
  expect(lease!.identity!.sender).toBe(identity.identity!.sender)
  const [first] = numbersOf(lease!.batches)
  expect(first).toBeLessThanOrEqual(4000)
  lease!.release()
  expect(await drainNumbers(channel)).toEqual(range(first!, 9510))
})

test('dropped events are skipped, counted by reason and gone after a restart; the bytes stay exact', async () => {
  for (let first = 0; first < 1000; first += 100) await channel.put(numberedBatch(first, 100, first / 10))
  const lease = await channel.take(50, 1 << 20, 100)
  expect(
    await channel.drop(
      [
        [120, 130],
        [350, 720],
      ],
      'too old',
    ),
  ).toBe(380)
  expect(await channel.drop([[350, 360]], 'again')).toBe(0)
  lease!.release()
  expect(channel.stats().ledger).toMatchObject({ queued: 620, dropped: { 'too old': 380 } })
  await reopen({ hotTail: 0 })
  const rest = [...range(0, 120), ...range(130, 350), ...range(720, 1000)]
  const last = range(720, 1000)
  const taken = await channel.take(120, 1 << 20, 100)
  await taken!.ack()
  expect(numbersOf(taken!.batches)).toEqual(range(0, 120))
  expect(await channel.drop([[0, 720]], 'rest')).toBe(220)
  const bytes = last.reduce(
    (sum, number) => sum + numberedBatch(number, 1, Math.floor(number / 100) * 10).bytes.length,
    0,
  )
  expect(channel.stats()).toMatchObject({ events: rest.length - 340, bytes })
  expect(await drainNumbers(channel)).toEqual(last)
  expect(ledgerBalance(channel)).toBe(0)
})

test('a batch that is not what it says fails alone, or goes to quarantine when it is to be cut', async () => {
  const sender = '12'.repeat(16)
  const { bytes } = numberedBatch(0, 5)
  await channel.put(numberedBatch(0, 10), { identity: { sender, firstEvent: 0, floor: 0 } })
  const results = await Promise.allSettled([
    channel.put(numberedBatch(10, 10)),
    channel.put(new Batch(bytes, 12), { identity: { sender, firstEvent: 5, floor: 0 } }),
    channel.put(numberedBatch(20, 10)),
    channel.put(new Batch(bytes, 7)),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(results[1]).toMatchObject({ reason: { code: 'SLUICE_EVENT_FORMAT' } })
  await channel.put(numberedBatch(30, 10))
  expect(await drainNumbers(channel, 4)).toEqual(range(0, 40))
  expect(channel.stats().ledger).toMatchObject({ quarantined: 7, delivered: 40 })
  expect(ledgerBalance(channel)).toBe(0)
})
