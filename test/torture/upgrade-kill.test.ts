/**
 * A channel folder of each released format, and today's version that is killed while it takes the folder over: whatever
 * the step, the next start finds every event, position and sender once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  drainNumbers,
  ledgerBalance,
  makeFileChannel,
  numberedBatch,
  range,
  temporaryFolder,
} from '../file-channel-rig.ts'
import { DiskShim, type FaultRule, shimMissing } from './disk-shim.ts'
import { SeededRandom } from './seeded-random.ts'

const long = process.env.SLUICE_LONG === '1'
const seed = Number(process.env.SLUICE_SEED ?? 1)
/** Calls that the short form kills at, in either way. */
const some = 12

const formats = path.join(import.meta.dirname, 'formats')
const released = fs.readdirSync(formats).filter((name) => /^\d+$/.test(name))

let place: ReturnType<typeof temporaryFolder>
let shim: DiskShim
let child: ReturnType<typeof spawn> | undefined
beforeEach(() => {
  place = temporaryFolder()
  if (shimMissing === undefined) shim = new DiskShim(place.folder)
})
afterEach(() => {
  child?.kill('SIGKILL')
  place.remove()
})

async function live(rule: FaultRule): Promise<{ calls: string[]; killed: boolean }> {
  const before = shim.fired().length
  shim.rule(rule)
  const script = path.join(import.meta.dirname, 'upgrade-kill-child.ts')
  const running = (child = spawn(process.execPath, [script, shim.folder], {
    env: { ...shim.environment, SHIM_LOG: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  }))
  let said = ''
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  const late = setTimeout(() => running.kill('SIGTERM'), 20_000)
  const [code, signal] = (await once(running, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(late)
  if (signal !== 'SIGKILL') expect([code, said]).toEqual([0, 'closed\n'])
  return { calls: shim.fired().slice(before), killed: signal === 'SIGKILL' }
}

/** The numbers that a sink was given, and whether what was put was told to be stored, as the child says. */
function witnessed() {
  const file = path.join(shim.folder, 'witness')
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  const given = lines.filter((line) => line.startsWith('G')).flatMap((line) => line.split(' ').slice(1).map(Number))
  return { given, stored: lines.includes('P') }
}

async function holdToPromises(): Promise<void> {
  const { given, stored } = witnessed()
  const begin = performance.now()
  const channel = makeFileChannel(path.join(shim.folder, 'channel'), { segmentSize: 8 << 10, hotTail: 0 })
  try {
    await channel.open()
    expect(channel.position('r1/app.log')).toMatchObject({ offset: 200, state: '{"from":"format"}' })
    // What that sender sends again is known.
    const identity = { sender: '00112233445566778899aabbccddeeff', firstEvent: 700, floor: 0 }
    await channel.put(numberedBatch(200, 10, 40), { identity })
    await channel.put(numberedBatch(2000, 1, 40))
    const numbers = await drainNumbers(channel)
    expect(performance.now() - begin, 'milliseconds until what is new passed').toBeLessThan(10_000)
    // A sink may be given again what it had before the kill, in order: nothing else is gone, and nothing is there twice.
    const from = numbers[0] ?? 0
    expect(from).toBeLessThanOrEqual(40 + given.length)
    expect(given).toEqual(range(40, 40 + given.length))
    const put = range(1000, 1010)
    const own = numbers.includes(1000) ? put : []
    if (stored) expect(own).toEqual(put)
    // The two events of the format that have no number.
    expect(numbers).toEqual([...range(from, 210), NaN, NaN, ...own, 2000])
    expect(from).toBeGreaterThanOrEqual(40)
    expect(ledgerBalance(channel)).toBe(0)
    expect(channel.stats().ledger).toMatchObject({
      ...{ received: 212 + own.length + 1, queued: 0, quarantined: 5, lost: 0, repeated: 10 },
    })
  } finally {
    await channel.close(2000)
  }
}

test.skipIf(shimMissing).each(released)(
  'format %s taken over, killed at any step: nothing lost, nothing doubled, and what is fresh passes',
  async (format) => {
    const trial = async (rule: FaultRule) => {
      fs.rmSync(shim.folder, { recursive: true })
      fs.cpSync(path.join(formats, format), path.join(shim.folder, 'channel'), { recursive: true })
      const life = await live(rule)
      try {
        await holdToPromises()
      } catch (error) {
        throw new Error(`killed at: ${JSON.stringify(rule)} (${life.calls.join('; ')})`, { cause: error })
      }
      return life
    }
    const { calls } = await trial({ call: 'any', part: '/channel/', count: 1_000_000, error: 'noted' })
    expect(calls.length).toBeGreaterThan(10)
    const kill = async (call: FaultRule['call'], skip: number, error: FaultRule['error']) => {
      const { killed, calls: fired } = await trial({ call, part: '/channel/', skip, count: 1, error })
      expect(fired).toHaveLength(killed ? 1 : 0)
      if (killed) kills++
      return killed
    }
    let kills = 0
    if (long) {
      for (let skip = 0; await kill('any', skip, 'killed');) skip++
      for (const call of ['write', 'pwrite', 'pwritev'] as const)
        for (let skip = 0; await kill(call, skip, 'torn');) skip++
      expect(kills).toBeGreaterThan(calls.length / 2)
    } else {
      const random = new SeededRandom(seed)
      // Timers have a say in how many there are: the last of them may be missing in the next life.
      const most = Math.floor(calls.length * 0.8)
      const places = new Set(Array.from({ length: some }, () => random.below(most)))
      for (const skip of places) expect(await kill('any', skip, 'killed'), calls[skip]).toBe(true)
      for (const call of ['pwrite', 'pwritev'] as const)
        expect(await kill(call, random.below(2), 'torn'), call).toBe(true)
    }
    process.stdout.write(`killed at ${kills} of ${calls.length} calls, seed ${seed}\n`)
  },
)
