import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Agent } from '../../../core/agent/agent.ts'
import type { SourcePosition } from '../../../core/channel/channel.ts'
import { memoryChannel } from '../../../core/channel/memory/memory-channel-definition.ts'
import { silentLog } from '../../../core/log.ts'
import { taildirSource } from '../../../core/source/taildir/definition.ts'
import { component, eventually, flow, testRegistry } from '../../agent/flow.ts'
import { temporaryFolder } from '../../file-channel-rig.ts'
import { RecordingChannels, sourceContext } from '../../recording-channels.ts'
import { damage, inventDamage } from './folder-damage.ts'
import { fuzz } from './fuzz-run.ts'
import { mutate, mutateText } from './mutation.ts'

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

const words = [
  ...['"offset":', '"state":', '"key":', '-1', '0.5', '1e308', '99999999999', '9007199254740993', 'null', '[]', '{}'],
  ...[
    '\\"head\\":[',
    '\\"tail\\":[',
    '\\"dev\\":',
    '\\"ino\\":\\"',
    '\\"mid\\":1',
    '\\"skip\\":1',
    '\\"gz\\":1',
    '@I0@',
  ],
  ...['app.log', '@ROOT@', '../', '\\u0000', ',', '"', '\\'],
]

/**
 * A taildir source on `folder` that finds `stored`, until it has passed a fresh line in each of the files `fresh`, and
 * `least` lines in all.
 */
async function runTaildir(folder: string, stored: readonly SourcePosition[], fresh: readonly string[], least = 0) {
  const channels = new RecordingChannels()
  for (const position of stored) channels.stored.set(position.key, position)
  const settings = taildirSource.settings.parse({
    ...{ filegroups: 'g1', 'filegroups.*': { g1: `${folder}/.*` }, pollInterval: '20', holdTime: '100' },
  })
  const source = taildirSource.create(settings, sourceContext(channels, folder).context)
  await source.start()
  try {
    for (const name of fresh) {
      const line = `fresh in ${name}`
      fs.appendFileSync(path.join(folder, name), `${line}\n`)
      await eventually(`${line} arrives`, () => channels.bodies.includes(line))
    }
    await eventually(`${least} lines arrive`, () => channels.bodies.length >= least)
  } finally {
    await source.stop()
  }
  return [...channels.stored.values()]
}

function fillLogs(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder)
  const text = (name: string, lines: number) =>
    Array.from({ length: lines }, (_, line) => `${name} line ${line}\n`).join('')
  fs.writeFileSync(path.join(folder, 'app.log'), text('app', 100))
  fs.writeFileSync(path.join(folder, 'app.log.1'), text('old', 300))
  fs.writeFileSync(path.join(folder, 'app.log.2.gz'), gzipSync(text('packed', 200)))
}

/** What differs between runs stands in inputs as a name: the folder, and the inodes of the files. */
function substitutions(folder: string): [name: string, value: string][] {
  const files = fs.readdirSync(folder).sort()
  const inodes = files.map((file, at): [string, string] => [
    `@I${at}@`,
    String(fs.statSync(path.join(folder, file)).ino),
  ])
  return [['@ROOT@', folder], ['@DEV@', String(fs.statSync(folder).dev)], ...inodes]
}

function positionsIn(text: string, original: readonly SourcePosition[]): SourcePosition[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // No list any more: it is the state of what was the first.
    return original.slice(0, 1).map((position) => ({ ...position, state: text }))
  }
  // A channel checks what it stores: offsets are whole numbers, keys and states are texts.
  return (Array.isArray(parsed) ? parsed : []).filter((one: unknown): one is SourcePosition => {
    const { key, offset, state } = (one ?? {}) as Partial<SourcePosition>
    return typeof key === 'string' && typeof state === 'string' && Number.isSafeInteger(offset) && offset! >= 0
  })
}

test('stored positions of watched files: whatever they say, what is new in any file arrives', async () => {
  const folder = path.join(place.folder, 'logs')
  fillLogs(folder)
  const original = await runTaildir(folder, [], ['app.log'], 601)
  expect(original.length).toBeGreaterThanOrEqual(3)
  const { size } = fs.statSync(path.join(folder, 'app.log'))
  let text = JSON.stringify(original)
  for (const [name, value] of substitutions(folder)) text = text.replaceAll(value, name)
  const golden = Buffer.from(text)
  await fuzz({
    suite: 'taildir-positions',
    inputs: 200,
    make: (random) =>
      random.chance(0.3) ? mutate(random, golden, [golden]) : mutateText(random, golden, [golden], words),
    attempt: async (input) => {
      // The files that the positions are of must be these very files.
      fs.truncateSync(path.join(folder, 'app.log'), size)
      fs.rmSync(path.join(folder, 'new.log'), { force: true })
      let stored = input.toString()
      for (const [name, value] of substitutions(folder)) stored = stored.replaceAll(name, value)
      await runTaildir(folder, positionsIn(stored, original), ['new.log', 'app.log'])
    },
    honest: () => Promise.resolve(),
  })
})

test('agent.db and its companions: an agent starts on whatever is left of them', async () => {
  const sound = path.join(place.folder, 'sound')
  const folder = path.join(place.folder, 'agent')
  const run = async (where: string, use: (agent: Agent) => void) => {
    const { registry, source, sink } = testRegistry()
    const config = flow({ channels: [component('c1', 'memory', memoryChannel.settings.parse({}))] })
    const agent = new Agent({ config, registry, log: silentLog, dataDirectory: where, baseDirectory: where })
    await agent.start()
    try {
      use(agent)
      agent.resume()
      await source('r1').push('fresh')
      await eventually('what is new arrives', () => sink('k1').bodies.length > 0)
      expect(sink('k1').bodies).toEqual(['fresh'])
    } finally {
      await agent.stop()
    }
  }
  await run(sound, (agent) => {
    agent.pause('k1')
    agent.setRate('c1', 1000)
  })
  // As a killed agent leaves it: with its log of writes.
  fs.cpSync(sound, folder, { recursive: true })
  const files = ['agent.db', 'agent.db-wal', 'agent.lock', 'agent.pid']
  for (const name of files) fs.closeSync(fs.openSync(path.join(sound, name), 'a'))
  await fuzz({
    suite: 'agent-folder',
    inputs: 100,
    make: (random) => inventDamage(random, files),
    attempt: async (input) => {
      fs.rmSync(folder, { recursive: true, force: true })
      fs.cpSync(sound, folder, { recursive: true })
      damage(folder, input)
      await run(folder, (agent) => {
        agent.status()
        agent.events({ limit: 100, acknowledged: true })
        for (const series of agent.historySeries()) agent.history(series, 0, Date.now(), 1000)
        agent.pause('r1')
        agent.acknowledge('all')
      })
    },
    honest: () => Promise.resolve(),
  })
})
