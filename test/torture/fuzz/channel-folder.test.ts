import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FileChannel } from '../../../core/channel/file/file-channel.ts'
import { fsck } from '../../../core/channel/file/fsck.ts'
import { ledgerBalance, makeFileChannel, numberedBatch, temporaryFolder } from '../../file-channel-rig.ts'
import { damage, inventDamage } from './folder-damage.ts'
import { fuzz } from './fuzz-run.ts'

const settings = { segmentSize: 16 << 10, hotTail: 0, keepAlive: 2000 } as const
const [blocks, perBlock, padding] = [30, 10, 150]
const fresh = 1_000_000

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

const body = (number: number) => `${number} ${'x'.repeat(padding)}`

/** A channel of several segments, some events delivered and some in quarantine. */
async function makeSound(folder: string): Promise<void> {
  const channel = makeFileChannel(folder, settings)
  await channel.open()
  for (let block = 0; block < blocks; block++) await channel.put(numberedBatch(block * perBlock, perBlock, padding))
  await (await channel.take(35, 1 << 20, 100))?.ack()
  await (await channel.take(10, 1 << 20, 100))?.quarantine('refused')
  await channel.put(numberedBatch(blocks * perBlock, perBlock, padding))
  await channel.close(2000)
}

async function drainBodies(channel: FileChannel): Promise<string[]> {
  const bodies: string[] = []
  for (;;) {
    const lease = await channel.take(1000, 1 << 20, 60)
    if (lease === undefined) return bodies
    for (const batch of lease.batches) for (const event of batch.events()) bodies.push(event.body.toString())
    await lease.ack()
  }
}

/** Holds a channel on a damaged folder to what must be true of any: what it gives was put, once and in order. */
async function holdToSense(folder: string): Promise<void> {
  const channel = makeFileChannel(folder, settings)
  try {
    await channel.open()
    await channel.put(numberedBatch(fresh, 3, padding))
    const bodies = await drainBodies(channel)
    const numbers = bodies.map((text) => Number.parseInt(text, 10))
    expect(bodies).toEqual(numbers.map(body))
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(numbers.slice(-3)).toEqual([fresh, fresh + 1, fresh + 2])
    expect(ledgerBalance(channel)).toBe(0)
  } finally {
    await channel.close(2000)
  }
}

test('whatever becomes of its files, a channel opens, gives no wrong event and takes new ones', async () => {
  const sound = path.join(place.folder, 'sound')
  await makeSound(sound)
  const files = fs.readdirSync(sound).sort()
  expect(files.length).toBeGreaterThan(4)
  await fuzz({
    suite: 'channel-folder',
    inputs: 80,
    limit: 20_000,
    growth: 250,
    make: (random) => inventDamage(random, files),
    attempt: async (input) => {
      const folder = path.join(place.folder, 'damaged')
      const mended = path.join(place.folder, 'mended')
      try {
        fs.cpSync(sound, folder, { recursive: true })
        damage(folder, input)
        const known = fs.readdirSync(folder).some((name) => /^(segment-|index\.db$)/.test(name))
        if (known) {
          await fsck(folder)
          fs.cpSync(folder, mended, { recursive: true })
          await fsck(mended, { repair: true })
        }
        await holdToSense(known && input.length % 2 === 0 ? mended : folder)
      } finally {
        for (const made of [folder, mended]) fs.rmSync(made, { recursive: true, force: true })
      }
    },
    // Each attempt ends with events of its own.
    honest: () => Promise.resolve(),
  })
})
