import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import type { ConfigResult } from '../../../core/config/model.ts'
import { WatchedConfig } from '../../../core/config/watch.ts'
import { sampleRegistry } from './sample-registry.ts'

const flow = (port: number | string) => `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = ${port}
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
`

let directory = ''
let file = ''
let results: ConfigResult[] = []
let over = new AbortController()
let watching = Promise.resolve()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-watch-'))
  file = join(directory, 'flow.properties')
  results = []
  over = new AbortController()
  await writeFile(file, flow(1))
})
afterEach(async () => {
  over.abort()
  await watching
  await rm(directory, { recursive: true })
})

async function start(path = file) {
  const watched = new WatchedConfig(
    { files: [{ path }], agent: 'a1', registry: sampleRegistry(), baseDirectory: directory },
    systemClock,
    { poll: 60, settle: 40, patience: 300 },
  )
  expect((await watched.load()).config).toBeDefined()
  watching = watched.watch(over.signal, (result) => results.push(result))
}

const sleep = (milliseconds: number) => systemClock.sleep(milliseconds)
async function seen(count: number): Promise<ConfigResult | undefined> {
  for (let wait = 0; wait < 3000 && results.length < count; wait += 10) await sleep(10)
  expect(results.length).toBe(count)
  return results.at(-1)
}
const portOf = (result: ConfigResult | undefined) => result?.config?.sources[0]?.raw['port']

describe('a watched configuration', () => {
  test('is loaded again when it is rewritten, and when it is replaced by another file', async () => {
    await start()
    await writeFile(file, flow(2))
    expect(portOf(await seen(1))).toBe('2')
    await writeFile(`${file}.new`, flow(3))
    await rename(`${file}.new`, file)
    expect(portOf(await seen(2))).toBe('3')
  })

  test('is not touched by a touch, nor by other files of its folder', async () => {
    await start()
    await utimes(file, new Date(), new Date(Date.now() + 5000))
    await writeFile(join(directory, 'other.log'), 'x')
    await sleep(300)
    expect(results).toEqual([])
  })

  test('is seen to change even when its size and time stay the same', async () => {
    const time = new Date(1e12)
    await utimes(file, time, time)
    await start()
    await writeFile(file, flow(7))
    await utimes(file, time, time)
    expect(portOf(await seen(1))).toBe('7')
  })

  test('that is saved in pieces is read when it is whole', async () => {
    await start()
    const text = flow(4)
    for (let end = 20; end < text.length + 20; end += 20) {
      await writeFile(file, text.slice(0, end))
      await sleep(5)
    }
    expect(portOf(await seen(1))).toBe('4')
    await sleep(200)
    expect(results.length).toBe(1)
  })

  test('that is away for a moment is no change; that stays away is a finding, and so is its return', async () => {
    await start()
    await rm(file)
    await sleep(50)
    await writeFile(file, flow(1))
    await sleep(500)
    expect(results).toEqual([])
    await rm(file)
    const gone = await seen(1)
    expect(gone?.config).toBeUndefined()
    expect(gone?.findings[0]?.message).toBe('does not exist')
    await writeFile(file, flow(1))
    expect(portOf(await seen(2))).toBe('1')
  })

  test('with a mistake is reported with its line', async () => {
    await start()
    await writeFile(file, flow('many'))
    const result = await seen(1)
    expect(result?.config).toBeUndefined()
    expect(result?.findings[0]).toMatchObject({ line: 6, key: 'a1.sources.r1.port' })
  })

  test('is followed through symbolic links of folders, as Kubernetes changes them', async () => {
    for (const [name, port] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      await mkdir(join(directory, name))
      await writeFile(join(directory, name, 'flow.properties'), flow(port))
    }
    await symlink('one', join(directory, '..data'))
    await mkdir(join(directory, 'mount'))
    await symlink(join('..', '..data', 'flow.properties'), join(directory, 'mount', 'flow.properties'))
    await start(join(directory, 'mount', 'flow.properties'))
    await symlink('two', join(directory, '..data.new'))
    await rename(join(directory, '..data.new'), join(directory, '..data'))
    expect(portOf(await seen(1))).toBe('2')
  })
})
