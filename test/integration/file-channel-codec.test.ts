import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { segmentPath } from '../../core/channel/file/segment-files.ts'
import { drainNumbers, makeFileChannel, numberedBatch, numbersOf, range, temporaryFolder } from '../file-channel-rig.ts'

let place: ReturnType<typeof temporaryFolder>

beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

test('zstd makes segments small and gives the same events back', async () => {
  const settings = { codec: { compression: 'zstd', keys: [] }, hotTail: 0 } as const
  const channel = makeFileChannel(place.folder, settings)
  await channel.open()
  await channel.put(numberedBatch(0, 5000, 100))
  await channel.put(numberedBatch(5000, 10, 100))
  expect(fs.statSync(segmentPath(place.folder, 1)).size).toBeLessThan(100_000)
  await channel.close(2000)
  const again = makeFileChannel(place.folder, { hotTail: 0 })
  await again.open()
  expect(await drainNumbers(again)).toEqual(range(0, 5010))
  await again.close(2000)
})

test('encrypted events are not to be read on the disk, in quarantine neither, and need their key', async () => {
  const [old, key] = [randomBytes(32), randomBytes(32)]
  const open = async (keys: Buffer[]) => {
    const channel = makeFileChannel(place.folder, { codec: { compression: 'zstd', keys }, hotTail: 0 })
    await channel.open()
    return channel
  }
  let channel = await open([old])
  await channel.put(numberedBatch(0, 100, 100))
  await (await channel.take(10, 1 << 20, 100))!.quarantine('refused')
  await channel.close(2000)
  channel = await open([key, old])
  await channel.put(numberedBatch(100, 2000, 100))
  for (const name of fs.readdirSync(place.folder))
    expect(fs.readFileSync(path.join(place.folder, name)).includes('xxxxxxxx'), name).toBe(false)
  await channel.close(2000)
  channel = await open([key])
  await expect(channel.take(10, 1 << 20, 100)).rejects.toMatchObject({ code: 'SLUICE_CONFIG' })
  expect(channel.stats().ledger).toMatchObject({ queued: 2090, quarantined: 10 })
  await channel.close(2000)
  channel = await open([key, old])
  expect(await drainNumbers(channel)).toEqual(range(10, 2100))
  await channel.close(2000)
})

test('an encrypted frame that was moved or changed is quarantined, not delivered', async () => {
  const settings = { codec: { compression: 'none', keys: [randomBytes(32)] }, hotTail: 0 } as const
  let channel = makeFileChannel(place.folder, settings)
  await channel.open()
  for (const first of [1000, 1100, 1200]) await channel.put(numberedBatch(first, 100))
  await channel.close(2000)
  const file = segmentPath(place.folder, 1)
  const bytes = fs.readFileSync(file)
  const starts = [...bytes.toString('latin1').matchAll(/SLF1/g)].map(({ index }) => index)
  const [, one, two, three] = starts as [number, number, number, number]
  expect(three - two).toBe(two - one)
  // The payload of the second block in place of the first's, with a CRC to match.
  const head = 80
  bytes.copy(bytes, one + head, two + head, three)
  bytes.copy(bytes, one + 12, two + 12, two + 16)
  const { crc32 } = await import('node:zlib')
  bytes.writeUInt32LE(crc32(bytes.subarray(one + 8, one + head)), one + 4)
  fs.writeFileSync(file, bytes)
  channel = makeFileChannel(place.folder, settings)
  await channel.open()
  expect(await drainNumbers(channel)).toEqual(range(1100, 1300))
  expect(channel.stats().ledger).toMatchObject({ quarantined: 100, delivered: 200 })
  const lease = await channel.take(1, 1, 10)
  expect(numbersOf(lease?.batches ?? [])).toEqual([])
  await channel.close(2000)
})
