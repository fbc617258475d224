import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFileChannel, temporaryFolder } from '../file-channel-rig.ts'
import { DiskLoad } from './disk-load.ts'
import { DiskRecording, lossModes } from './disk-recording.ts'
import { DiskShim, shimMissing } from './disk-shim.ts'
import { acknowledgedEvents, holdToItself, holdToWitness } from './disk-witness.ts'
import { SeededRandom } from './seeded-random.ts'

const states = Number(process.env.SLUICE_POWER_CUTS ?? 60)
const seed = Number(process.env.SLUICE_SEED ?? Math.floor(Math.random() * 2 ** 31))

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

function recordingOf(shim: DiskShim): DiskRecording {
  const recording = new DiskRecording(shim.log, shim.folder)
  expect(recording.count('F', 'segment-'), 'syncs of segments').toBeGreaterThan(50)
  expect(recording.count('U', 'segment-'), 'segments that went').toBeGreaterThan(3)
  return recording
}

async function tryStates(recording: DiskRecording): Promise<void> {
  const random = new SeededRandom(seed).number
  let promised = 0
  for (let state = 0; state < states; state++) {
    const mode = lossModes[state % lossModes.length]!
    const cut = Math.floor(recording.operations.length * (0.02 + 0.98 * random()))
    const folder = path.join(place.folder, `state-${state}`)
    const witness = recording.rebuild(folder, cut, mode, random, 'witness')
    promised += acknowledgedEvents(witness)
    const channel = makeFileChannel(path.join(folder, 'channel'), { segmentSize: 96 << 10 })
    try {
      await channel.open()
      await holdToWitness(channel, witness)
    } catch (error) {
      throw new Error(`seed ${seed}, state ${state}, after operation ${cut}, ${mode}`, { cause: error })
    } finally {
      await channel.close(2000)
    }
    fs.rmSync(folder, { recursive: true })
  }
  expect(promised, 'events that were acknowledged before the cuts').toBeGreaterThan(states * 300)
}

test.skipIf(shimMissing)(
  `the power goes at ${states} moments: nothing acknowledged is lost, positions and events stay together`,
  async () => {
    const shim = new DiskShim(place.folder)
    const load = new DiskLoad(shim, 150)
    await load.done()
    await load.kill()
    await tryStates(recordingOf(shim))
  },
)

test.skipIf(shimMissing)(
  `syncs fail now and then, with their pages dropped, and then the power goes at ${states} moments`,
  async () => {
    const shim = new DiskShim(place.folder)
    const syncs = [10, 25, 30, 41, 60].map(
      (skip) => ({ call: 'fdatasync', part: 'segment-', skip, count: 1, error: 'EIO' }) as const,
    )
    shim.rule(...syncs, { call: 'pwritev', part: 'segment-', skip: 15, count: 1, error: 'short' })
    const load = new DiskLoad(shim, 150)
    await load.done()
    await load.kill()
    expect(shim.fired().filter((line) => line.startsWith('fdatasync 5 '))).toHaveLength(syncs.length)
    expect(shim.fired().filter((line) => line.startsWith('pwritev 0 '))).toHaveLength(1)
    await tryStates(recordingOf(shim))
  },
)

test.skipIf(shimMissing)(
  `a disk that lies about syncs of segments, and the power goes at ${states} moments: what is gone is counted, or its position with it`,
  async () => {
    const lies = (name: string) => name.includes('segment-')
    const shim = new DiskShim(place.folder)
    const load = new DiskLoad(shim, 150)
    await load.done()
    await load.kill()
    const recording = recordingOf(shim)
    const random = new SeededRandom(seed).number
    const sum = { forgotten: 0, missing: 0, counted: 0 }
    for (let state = 0; state < states; state++) {
      const mode = lossModes[state % lossModes.length]!
      const cut = Math.floor(recording.operations.length * (0.02 + 0.98 * random()))
      const folder = path.join(place.folder, `state-${state}`)
      const witness = recording.rebuild(folder, cut, mode, random, 'witness', lies)
      const channel = makeFileChannel(path.join(folder, 'channel'), { segmentSize: 96 << 10 })
      try {
        await channel.open()
        const { forgotten, missing, counted } = await holdToItself(channel, witness)
        expect(missing, 'silently missing').toBeLessThanOrEqual(counted)
        for (const [key, value] of Object.entries({ forgotten, missing, counted }))
          sum[key as keyof typeof sum] += value
      } catch (error) {
        throw new Error(`seed ${seed}, state ${state}, after operation ${cut}, ${mode}`, { cause: error })
      } finally {
        await channel.close(2000)
      }
      fs.rmSync(folder, { recursive: true })
    }
    process.stdout.write(
      `a lying disk, ${states} states: ${sum.forgotten} acknowledged events forgotten with their positions, ` +
        `${sum.missing} missing, ${sum.counted} counted as lost or quarantined\n`,
    )
    // It did lie.
    expect(sum.forgotten + sum.missing).toBeGreaterThan(0)
  },
)

test
  .skipIf(shimMissing)
  .each([
    'acknowledges before the disk has it',
    'goes on in a segment whose sync failed',
    'stores a position apart from its events',
  ])('a channel that %s is noticed', async (weakness) => {
  const shim = new DiskShim(place.folder)
  const [call, part, count, error] = ['fdatasync', 'segment-', 3, 'EIO'] as const
  if (weakness.includes('sync failed'))
    shim.rule(...[5, 15, 25, 35].map((skip) => ({ call, part, skip, count, error })))
  const load = new DiskLoad(shim, 60, weakness)
  await load.done()
  await load.kill()
  expect(load.errors).toContain('weakened')
  // Only a broken promise is an answer: any other error says that the rig is broken.
  await expect(tryStates(new DiskRecording(shim.log, shim.folder))).rejects.toMatchObject({
    message: expect.stringMatching(/^seed \d+, state/) as string,
    cause: {
      message: expect.stringMatching(/^(position of producer|events against positions|missing|lost)/) as string,
    },
  })
})
