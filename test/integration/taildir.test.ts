import { appendFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Source } from '../../core/source/source.ts'
import { taildirSource } from '../../core/source/taildir/definition.ts'
import { RecordingChannels, sourceContext } from '../recording-channels.ts'

let root: string
let logs: string
let channels: RecordingChannels
let reports: string[]
let states: string[]
let source: Source | undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-taildir-'))
  logs = join(root, 'logs')
  await mkdir(logs)
  channels = new RecordingChannels()
})

afterEach(async () => {
  channels.unblock()
  await source?.stop()
  source = undefined
  await rm(root, { recursive: true, force: true })
})

async function start(settings: Record<string, unknown> = {}, pattern = '.*'): Promise<void> {
  const made = sourceContext(channels, root)
  reports = made.reports
  states = made.states
  const parsed = taildirSource.settings.parse({
    filegroups: 'g1',
    'filegroups.*': { g1: `${logs}/${pattern}` },
    pollInterval: '20',
    holdTime: '200',
    ...settings,
  })
  source = taildirSource.create(parsed, made.context)
  await source.start()
}

async function stop(): Promise<void> {
  await source?.stop()
  source = undefined
}

/** Waits until the channel holds exactly these bodies, in any order between files, and then that no more come. */
async function holds(expected: readonly string[], within = 5000): Promise<void> {
  const until = performance.now() + within
  while (channels.events.length < expected.length && performance.now() < until) await sleep(5)
  await sleep(80)
  expect([...channels.bodies].sort()).toEqual([...expected].sort())
}

const lines = (name: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${name} line ${from + index}`)
const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
const log = (name = 'app.log') => join(logs, name)

test('reads what is there and what is appended, in order', async () => {
  await writeFile(log(), text(lines('a', 0, 5000)))
  await start()
  await holds(lines('a', 0, 5000))
  await appendFile(log(), text(lines('a', 5000, 5003)))
  await holds(lines('a', 0, 5003))
  expect(channels.bodies).toEqual(lines('a', 0, 5003))
})

test('a stop and a new start neither lose nor double a line', async () => {
  await writeFile(log(), text(lines('a', 0, 3)) + 'half')
  await start()
  await holds(lines('a', 0, 3))
  await stop()
  await appendFile(log(), ' a line\nnext\n')
  await start()
  await holds([...lines('a', 0, 3), 'half a line', 'next'])
})

test('a renamed file is not read again, and its successor is', async () => {
  await writeFile(log(), text(lines('a', 0, 3)))
  await start()
  await holds(lines('a', 0, 3))
  await appendFile(log(), text(lines('a', 3, 5)))
  await rename(log(), log('app.log.1'))
  await writeFile(log(), text(lines('b', 0, 2)))
  await holds([...lines('a', 0, 5), ...lines('b', 0, 2)])
})

test('a file that is cut to nothing starts anew', async () => {
  await writeFile(log(), text(lines('a', 0, 30)))
  await start()
  await holds(lines('a', 0, 30))
  await truncate(log(), 0)
  await appendFile(log(), text(lines('b', 0, 3)))
  await holds([...lines('a', 0, 30), ...lines('b', 0, 3)])
})

test('a failed put is read again from the last confirmed place', async () => {
  await writeFile(log(), text(lines('a', 0, 5000)))
  channels.failures = 1
  await start({ batchSize: '100' })
  await holds(lines('a', 0, 5000))
  expect(channels.bodies).toEqual(lines('a', 0, 5000))
})

test('batches that a channel cannot take at all are made smaller', async () => {
  await writeFile(log(), text(lines('a', 0, 1000)))
  channels.mostEvents = 300
  await start({ batchSize: '1000' })
  await holds(lines('a', 0, 1000), 8000)
  expect(reports.join()).toContain('SLUICE_BATCH_TOO_LARGE')
})

test('a missing folder is waited for and said', async () => {
  await rm(logs, { recursive: true })
  await start()
  expect(states.at(-1)).toContain('folder missing')
  await mkdir(logs)
  await writeFile(log(), 'one\n')
  await holds(['one'])
  expect(states.at(-1)).toBe('')
})
