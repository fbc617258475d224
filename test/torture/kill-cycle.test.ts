import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFileChannel, numberedBatch, numbersOf, temporaryFolder } from '../file-channel-rig.ts'
import { DiskShim, type FaultRule, shimMissing } from './disk-shim.ts'
import { holdToWitness } from './disk-witness.ts'
import { cycleSettings } from './kill-cycle-settings.ts'
import { SeededRandom } from './seeded-random.ts'

/** Each call once, and each write once in its middle; otherwise one of some kinds. */
const long = process.env.SLUICE_LONG === '1'
const seed = Number(process.env.SLUICE_SEED ?? 1)
const fresh = 900_000_000

let place: ReturnType<typeof temporaryFolder>
let shim: DiskShim
let children: Set<ReturnType<typeof spawn>>
beforeEach(() => {
  place = temporaryFolder()
  if (shimMissing === undefined) shim = new DiskShim(place.folder)
  children = new Set()
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  place.remove()
})

/** Runs a life of a channel to its end, or to where `rule` ends it; the calls that it names. */
async function live(cycle: number, rule: FaultRule): Promise<{ calls: string[]; killed: boolean }> {
  const before = shim.fired().length
  shim.rule(rule)
  const script = path.join(import.meta.dirname, 'kill-cycle-child.ts')
  const env = { ...shim.environment, SHIM_LOG: undefined }
  const child = spawn(process.execPath, [script, shim.folder, String(cycle)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  const late = setTimeout(() => child.kill('SIGTERM'), 20_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(late)
  children.delete(child)
  if (signal !== 'SIGKILL') expect([code, said]).toEqual([0, 'closed\n'])
  return { calls: shim.fired().slice(before), killed: signal === 'SIGKILL' }
}

/** A new process finds all that was promised, the books add up, and what is new passes within ten seconds. */
async function holdToPromises(): Promise<void> {
  const file = path.join(shim.folder, 'witness')
  const witness = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  const channel = makeFileChannel(path.join(shim.folder, 'channel'), cycleSettings)
  const begin = performance.now()
  try {
    await channel.open()
    await holdToWitness(channel, witness)
    await channel.put(numberedBatch(fresh, 3))
    const lease = await channel.take(10, 1 << 20, 5000)
    expect(numbersOf(lease?.batches ?? [])).toEqual([fresh, fresh + 1, fresh + 2])
    await lease?.ack()
    expect(performance.now() - begin, 'milliseconds until what is new passed').toBeLessThan(10_000)
  } finally {
    await channel.close(2000)
  }
}

/** `create segment-` and the like for a line of the shim's. */
function kindOf(line: string): string {
  const [call = '', , file = ''] = line.split(' ')
  return `${call} ${path.basename(file).replace(/\d+$/, '')}`
}

/** The rule that fires at the call of `calls` with this number, in a life that is like the one they are of. */
function ruleAt(calls: readonly string[], at: number, error: FaultRule['error']): FaultRule {
  const kind = kindOf(calls[at]!)
  const [call = '', file = ''] = kind.split(' ')
  const skip = calls.slice(0, at).filter((line) => kindOf(line) === kind).length
  // Numbers of segments are left out; other names are whole.
  const part = file.endsWith('-') ? `/${file}` : `/${file}$`
  return { call: call as FaultRule['call'], part, skip, count: 1, error }
}

/** One call of each of the kinds of `calls`, those in the middle of the kind's rather than its first. */
function oneOfEachKind(calls: readonly string[], random: SeededRandom): number[] {
  const kinds = new Map<string, number[]>()
  for (const [at, line] of calls.entries()) kinds.set(kindOf(line), [...(kinds.get(kindOf(line)) ?? []), at])
  // Timers have a say in how often a file is written: the last tenth may be missing in the next life.
  return [...kinds.values()].map((places) => places[random.below(Math.ceil(places.length * 0.9))]!)
}

interface Beginning {
  readonly what: string
  /** The life that is killed, after as many before it. */
  readonly cycle: number
  /** Makes the folder in which it begins. */
  readonly prepare: () => Promise<void>
  /** Kinds of calls that there are only here. */
  readonly has: readonly string[]
  /** Kinds of calls that the short form kills at. */
  readonly some: number
}

async function leaveBehind(): Promise<void> {
  const { killed } = await live(0, { call: 'fdatasync', part: '/segment-', skip: 16, count: 1, error: 'killed' })
  expect(killed).toBe(true)
}

const beginnings: readonly Beginning[] = [
  {
    what: 'begins in an empty folder',
    cycle: 0,
    prepare: () => Promise.resolve(),
    has: ['create lock', 'create segment-', 'pwritev segment-', 'fdatasync segment-', 'unlink segment-']
      .concat(['pwrite index.db-wal', 'fsync index.db-wal', 'pwrite index.db', 'ftruncate index.db'])
      .concat(['unlink index.db-wal', 'pwritev quarantine', 'fdatasync quarantine', 'pwrite reserve']),
    some: 12,
  },
  {
    what: 'begins behind a kill',
    cycle: 1,
    prepare: leaveBehind,
    has: ['unlink segment-', 'pwrite index.db'],
    some: 4,
  },
  {
    what: 'makes its damaged index again',
    cycle: 1,
    prepare: async () => {
      await leaveBehind()
      fs.rmSync(path.join(shim.folder, 'channel/index.db-wal'))
      fs.writeFileSync(path.join(shim.folder, 'channel/index.db'), Buffer.alloc(20_000, 'not an index '))
    },
    has: ['rename index.db', 'create index.db'],
    some: 4,
  },
]

test.skipIf(shimMissing).each(beginnings)(
  'a channel that $what, killed at any step: what was acknowledged is there, the books add up, a fresh event passes',
  async ({ cycle, prepare, has, some }) => {
    await prepare()
    const base = path.join(place.folder, 'base')
    fs.cpSync(shim.folder, base, { recursive: true })
    const trial = async (rule: FaultRule) => {
      fs.rmSync(shim.folder, { recursive: true })
      fs.cpSync(base, shim.folder, { recursive: true })
      const life = await live(cycle, rule)
      try {
        await holdToPromises()
      } catch (error) {
        throw new Error(`killed at: ${JSON.stringify(rule)} (${life.calls.join('; ')})`, { cause: error })
      }
      return life
    }
    const whole = await trial({ call: 'any', part: '/channel/', count: 1_000_000, error: 'noted' })
    const { calls } = whole
    expect([...new Set(calls.map(kindOf))]).toEqual(expect.arrayContaining([...has]))

    let kills = 0
    const kill = async (rule: FaultRule): Promise<boolean> => {
      const { killed, calls: fired } = await trial(rule)
      expect(fired).toHaveLength(killed ? 1 : 0)
      if (killed) kills++
      return killed
    }
    if (long) {
      for (let skip = 0; await kill({ call: 'any', part: '/channel/', skip, count: 1, error: 'killed' });) skip++
      for (const call of ['write', 'pwrite', 'pwritev'] as const)
        for (let skip = 0; await kill({ call, part: '/channel/', skip, count: 1, error: 'torn' });) skip++
      expect(kills).toBeGreaterThan(calls.length)
    } else {
      const random = new SeededRandom(seed)
      const chosen = oneOfEachKind(calls, random)
      while (chosen.length > some) chosen.splice(random.below(chosen.length), 1)
      for (const at of chosen) {
        const write = kindOf(calls[at]!).includes('write')
        expect(await kill(ruleAt(calls, at, write && random.chance(0.5) ? 'torn' : 'killed')), calls[at]).toBe(true)
      }
    }
    process.stdout.write(`killed at ${kills} of ${calls.length} calls, seed ${seed}\n`)
  },
)
