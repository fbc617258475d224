import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ledgerBalance, makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'
import { SeededRandom } from './seeded-random.ts'

const flips = Number(process.env.SLUICE_FLIPS ?? 200)
/** A run can be had again by its seed; the long form takes others. */
const seed = Number(process.env.SLUICE_SEED ?? 1)
const settings = { segmentSize: 16 << 10, hotTail: 0 } as const
const [blocks, perBlock, padding] = [40, 10, 150]

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

/** Every body that a drain gives, in order. */
async function drainBodies(folder: string): Promise<{ bodies: string[]; missed: number; balance: number }> {
  const channel = makeFileChannel(folder, settings)
  try {
    await channel.open()
    const bodies: string[] = []
    for (;;) {
      const lease = await channel.take(1000, 1 << 20, 60)
      if (lease === undefined) break
      for (const batch of lease.batches) for (const { body } of batch.events()) bodies.push(body.toString())
      await lease.ack()
    }
    const { lost, quarantined } = channel.stats().ledger
    return { bodies, missed: lost + quarantined, balance: ledgerBalance(channel) }
  } finally {
    await channel.close(2000)
  }
}

test(`${flips} bits flipped anywhere in a channel's folder: no wrong event, and every missing one is counted`, async () => {
  const sound = path.join(place.folder, 'sound')
  const channel = makeFileChannel(sound, settings)
  await channel.open()
  for (let block = 0; block < blocks; block++) await channel.put(numberedBatch(block * perBlock, perBlock, padding))
  await channel.close(2000)
  const all = Array.from({ length: blocks * perBlock }, (_, number) => `${number} ${'x'.repeat(padding)}`)
  const files = fs.readdirSync(sound).filter((name) => fs.statSync(path.join(sound, name)).size > 0)
  const flipped = new Set<string>()
  let damaged = 0
  const random = new SeededRandom(seed)
  for (let flip = 0; flip < flips; flip++) {
    const name = files[flip % files.length]!
    const folder = path.join(place.folder, 'flipped')
    fs.cpSync(sound, folder, { recursive: true })
    const file = path.join(folder, name)
    const bytes = fs.readFileSync(file)
    const at = random.below(bytes.length)
    const bit = random.below(8)
    bytes[at]! ^= 1 << bit
    fs.writeFileSync(file, bytes)
    flipped.add(name)
    const where = `seed ${seed}: bit ${bit} of byte ${at} of ${name}`
    const { bodies, missed, balance } = await drainBodies(folder).catch((cause: unknown) => {
      throw new Error(where, { cause })
    })
    const given = new Set(bodies)
    expect(given.size, `${where}: twice`).toBe(bodies.length)
    expect(bodies, `${where}: order or content`).toEqual(all.filter((body) => given.has(body)))
    expect(all.length - bodies.length, `${where}: missing against counted`).toBe(missed)
    expect(missed, `${where}: more than one block`).toBeLessThanOrEqual(perBlock)
    expect(balance, where).toBe(0)
    if (missed > 0) damaged++
    fs.rmSync(folder, { recursive: true })
  }
  expect([...flipped].sort()).toEqual(files.sort())
  expect(damaged, 'flips that cost a block').toBeGreaterThan(flips / 10)
})
