import { appendFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Source } from '../../core/source/source.ts'
import { spooldirSource } from '../../core/source/spooldir/definition.ts'
import { RecordingChannels, sourceContext } from '../recording-channels.ts'

let root: string
let spool: string
let channels: RecordingChannels
let reports: string[]
let states: string[]
let source: Source | undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-spooldir-'))
  spool = join(root, 'spool')
  await mkdir(spool)
  channels = new RecordingChannels()
})

afterEach(async () => {
  channels.unblock()
  await source?.stop()
  source = undefined
  await rm(root, { recursive: true, force: true })
})

async function start(settings: Record<string, unknown> = {}): Promise<void> {
  const made = sourceContext(channels.connect(), root)
  reports = made.reports
  states = made.states
  source = spooldirSource.create(
    spooldirSource.settings.parse({ spoolDir: spool, pollDelay: '10', ...settings }),
    made.context,
  )
  await source.start()
}

async function holds(expected: readonly string[]): Promise<void> {
  const until = performance.now() + 5000
  while (channels.events.length < expected.length && performance.now() < until) await sleep(5)
  await sleep(60)
  expect(channels.bodies).toEqual(expected)
}

const put = async (name: string, text: string | Buffer, age = 0) => {
  await writeFile(join(spool, `.${name}`), text)
  const time = Date.now() / 1000 - age
  await utimes(join(spool, `.${name}`), time, time)
  const { rename } = await import('node:fs/promises')
  await rename(join(spool, `.${name}`), join(spool, name))
}

test('reads the oldest file first and renames what is done', async () => {
  await put('b.log', 'three\nfour', 10)
  await put('a.log', 'one\r\n\ntwo\n', 20)
  await put('empty.log', '', 5)
  await start({ basenameHeader: 'true', fileHeader: 'true' })
  await holds(['one\r', '', 'two', 'three', 'four', ''])
  expect((await readdir(spool)).sort()).toEqual(['a.log.COMPLETED', 'b.log.COMPLETED', 'empty.log.COMPLETED'])
  expect([...(channels.events[0]?.headers ?? [])]).toEqual([
    ['basename', 'a.log'],
    ['file', join(spool, 'a.log')],
  ])
  expect(channels.stored.size).toBe(0)
})

test('a kill in the middle of a file loses and doubles nothing', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`)
  await put('a.log', lines.join('\n'))
  await start({ batchSize: '100' })
  while (channels.events.length < 3000) await sleep(1)
  channels.cutOff()
  await source?.stop()
  expect(channels.events.length).toBeLessThan(lines.length)
  await start({ batchSize: '100' })
  await holds(lines)
})

test('a kill between the last event and the new name doubles nothing', async () => {
  await put('a.log', 'one\ntwo\n')
  await writeFile(join(spool, 'a.log.COMPLETED'), 'in the way')
  await start()
  await holds(['one', 'two'])
  channels.cutOff()
  await source?.stop()
  await rm(join(spool, 'a.log.COMPLETED'))
  await start()
  await holds(['one', 'two'])
  expect(await readdir(spool)).toEqual(['a.log.COMPLETED'])
})

test('a used name and an undecodable byte are notes, and the other files go on', async () => {
  await put('bad.log', Buffer.from([0x6f, 0x6b, 0x0a, 0xff, 0xfe, 0x41, 0x0a]), 30)
  await put('used.log', 'one\n', 20)
  await writeFile(join(spool, 'used.log.COMPLETED'), 'in the way')
  await put('good.log', 'two\n', 10)
  await start()
  await holds(['one', 'two'])
  const notes = source
    ?.inspect?.()
    .files?.map((file) => file.note)
    .join(' | ')
  expect(notes).toContain('no UTF-8')
  expect(notes).toContain('is there already')
  expect(reports.filter((report) => report.includes('bad.log'))).toHaveLength(1)
})

test.each([
  ['REPLACE', 'a\u{fffd}b'],
  ['IGNORE', 'ab'],
])('decodeErrorPolicy %s', async (decodeErrorPolicy, body) => {
  await put('a.log', Buffer.from([0x61, 0xff, 0x62, 0x0a]))
  await start({ decodeErrorPolicy })
  await holds([body])
})

test('what is added to a file that should be finished is read, too', async () => {
  await put('a.log', 'one\n')
  channels.blocked = true
  await start()
  await sleep(50)
  await appendFile(join(spool, 'a.log'), 'two\n')
  channels.unblock()
  await holds(['one', 'two'])
  await sleep(50)
  expect(await readdir(spool)).toEqual(['a.log.COMPLETED'])
})

test('marks in trackerDir, deletes, and leaves alone what it should', async () => {
  await mkdir(join(spool, 'sub'))
  await put('a.log', 'one\n', 10)
  await put('skip.tmp', 'no\n')
  await put('sub/../b.log', 'two\n', 5)
  await writeFile(join(spool, 'sub', 'c.log'), 'three\n')
  await start({ trackingPolicy: 'tracker_dir', recursiveDirectorySearch: 'true', ignorePattern: '.*\\.tmp' })
  await holds(['one', 'two', 'three'])
  expect((await readdir(join(spool, '.flumespool'))).sort()).toEqual(['a.log.COMPLETED', 'b.log.COMPLETED', 'sub'])
  await source?.stop()
  await start({ deletePolicy: 'immediate' })
  await holds(['one', 'two', 'three', 'one', 'two', 'no'])
  expect((await readdir(spool)).sort()).toEqual(['.flumespool', 'sub'])
})

test('long lines are split at a character, and a missing folder is waited for', async () => {
  await rm(spool, { recursive: true })
  await start({ 'deserializer.*': { maxLineLength: '4' } })
  await sleep(30)
  expect(states).toEqual([`waiting: the folder is missing: ${spool}`])
  expect(reports).toEqual([expect.stringContaining(`SLUICE_FILE the folder is missing: ${spool}`)])
  await mkdir(spool)
  await put('a.log', 'ab€cd\nfour\n')
  await holds(['ab', '€c', 'd', 'four'])
  expect(states.at(-1)).toBe('')
  expect(reports).toHaveLength(1)
})
