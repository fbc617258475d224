import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import {
  appendFile,
  chmod,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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

/** gzip(1): the archive appears, then the original goes. */
async function gzip(path: string): Promise<void> {
  await writeFile(`${path}.gz`, gzipSync(await readFile(path)))
  await unlink(path)
}

/** logrotate's copytruncate. */
async function copytruncate(path: string, copy: string): Promise<void> {
  await copyFile(path, copy)
  await truncate(path, 0)
}

test('copytruncate: what the copy holds beyond the last look is read from the copy, and nothing twice', async () => {
  await writeFile(log(), text(lines('a', 0, 200)))
  await start()
  await holds(lines('a', 0, 200))
  channels.blocked = true
  await appendFile(log(), text(lines('a', 200, 210)))
  await copytruncate(log(), log('app.log.1'))
  await appendFile(log(), text(lines('b', 0, 3)))
  channels.unblock()
  await holds([...lines('a', 0, 210), ...lines('b', 0, 3)])
})

test('copytruncate while the agent was off', async () => {
  await writeFile(log(), text(lines('a', 0, 50)))
  await start()
  await holds(lines('a', 0, 50))
  await stop()
  await appendFile(log(), text(lines('a', 50, 60)))
  await copytruncate(log(), log('app.log.1'))
  await appendFile(log(), text(lines('b', 0, 300)))
  await start()
  await holds([...lines('a', 0, 60), ...lines('b', 0, 300)])
})

test('copytruncate into a name that no group follows', async () => {
  await writeFile(log(), text(lines('a', 0, 50)))
  await start({}, 'app\\.log')
  await holds(lines('a', 0, 50))
  await stop()
  await appendFile(log(), text(lines('a', 50, 60)))
  await copytruncate(log(), log('app.log.1'))
  await appendFile(log(), text(lines('b', 0, 3)))
  await start({}, 'app\\.log')
  await holds([...lines('a', 0, 60), ...lines('b', 0, 3)])
})

test('several rotations between two looks, and rotation while the agent was off', async () => {
  await writeFile(log(), text(lines('a', 0, 5)))
  await start()
  await holds(lines('a', 0, 5))
  await stop()
  await appendFile(log(), text(lines('a', 5, 7)))
  await rename(log(), log('app.log.1'))
  await writeFile(log(), text(lines('b', 0, 3)))
  await rename(log('app.log.1'), log('app.log.2'))
  await rename(log(), log('app.log.1'))
  await writeFile(log(), text(lines('c', 0, 3)))
  await start()
  await holds([...lines('a', 0, 7), ...lines('b', 0, 3), ...lines('c', 0, 3)])
})

test('rotation while the agent was off, into a name that no group follows', async () => {
  await writeFile(log(), text(lines('a', 0, 5)))
  await start({}, 'app\\.log')
  await holds(lines('a', 0, 5))
  await stop()
  await appendFile(log(), text(lines('a', 5, 7)))
  await rename(log(), log('app.log.1'))
  await writeFile(log(), text(lines('b', 0, 3)))
  await start({}, 'app\\.log')
  await holds([...lines('a', 0, 7), ...lines('b', 0, 3)])
})

test.each(['.*', 'app\\.log'])('rotation into .gz while the agent was off, pattern %s', async (pattern) => {
  await writeFile(log(), text(lines('a', 0, 500)))
  await start({}, pattern)
  await holds(lines('a', 0, 500))
  await stop()
  await appendFile(log(), text(lines('a', 500, 700)))
  await rename(log(), log('app.log.1'))
  await gzip(log('app.log.1'))
  await writeFile(log(), text(lines('b', 0, 3)))
  await start({}, pattern)
  await holds([...lines('a', 0, 700), ...lines('b', 0, 3)])
})

test('rotation into .gz while a file is followed reads nothing twice', async () => {
  await writeFile(log(), text(lines('a', 0, 500)))
  await start()
  await holds(lines('a', 0, 500))
  await rename(log(), log('app.log.1'))
  await sleep(60)
  await gzip(log('app.log.1'))
  await writeFile(log(), text(lines('b', 0, 3)))
  await holds([...lines('a', 0, 500), ...lines('b', 0, 3)])
  await stop()
  await start()
  await holds([...lines('a', 0, 500), ...lines('b', 0, 3)])
})

test('an archive that was never seen before is read, its unfinished last line too', async () => {
  await writeFile(log('old.log.gz'), gzipSync(`${text(lines('a', 0, 20000))}last`))
  await start()
  await holds([...lines('a', 0, 20000), 'last'])
})

test('an archive in the making waits until it is whole', async () => {
  const archive = gzipSync(text(lines('a', 0, 5000)))
  await writeFile(log('old.log.gz'), archive.subarray(0, 3000))
  await start()
  await sleep(150)
  await appendFile(log('old.log.gz'), archive.subarray(3000))
  await holds(lines('a', 0, 5000))
})

test('truncated and grown beyond the old place between two looks', async () => {
  await writeFile(log(), text(lines('a', 0, 50)))
  await start()
  await holds(lines('a', 0, 50))
  await stop()
  await truncate(log(), 0)
  await appendFile(log(), text(lines('b', 0, 500)))
  await start()
  await holds([...lines('a', 0, 50), ...lines('b', 0, 500)])
})

test('truncated and grown beyond, with an equal head of more than the fingerprint', async () => {
  const banner = `${'='.repeat(1500)}\n`
  await writeFile(log(), banner + text(lines('a', 0, 50)))
  await start()
  await holds([banner.trim(), ...lines('a', 0, 50)])
  await stop()
  await writeFile(log(), banner + text(lines('b', 0, 500)))
  await start()
  await holds([banner.trim(), ...lines('a', 0, 50), banner.trim(), ...lines('b', 0, 500)])
})

test('deleted and made anew, with the inode used again', async () => {
  await writeFile(log(), text(lines('a', 0, 3)))
  await start()
  await holds(lines('a', 0, 3))
  await stop()
  await rm(log())
  await writeFile(log(), text(lines('b', 0, 300)))
  await start()
  await holds([...lines('a', 0, 3), ...lines('b', 0, 300)])
})

test('two files with equal heads are both read', async () => {
  await writeFile(log('a.log'), 'id,value\n' + text(lines('a', 0, 3)))
  await start()
  await holds(['id,value', ...lines('a', 0, 3)])
  await writeFile(log('b.log'), 'id,value\n')
  await holds(['id,value', ...lines('a', 0, 3), 'id,value'])
  await appendFile(log('b.log'), text(lines('b', 0, 3)))
  await holds(['id,value', ...lines('a', 0, 3), 'id,value', ...lines('b', 0, 3)])
})

test('a file deleted while behind is read to its end', async () => {
  await writeFile(log(), text(lines('a', 0, 200_000)))
  channels.blocked = true
  await start({ batchSize: '100', idleTimeout: '200' })
  await sleep(50)
  await rm(log())
  await sleep(50)
  channels.unblock()
  await holds(lines('a', 0, 200_000), 10_000)
})

test('an unfinished line is an event only when that is configured, and goes on as another', async () => {
  await writeFile(log(), 'one\nhalf')
  await start()
  await sleep(200)
  expect(channels.bodies).toEqual(['one'])
  await stop()
  await start({ partialLineTimeout: '50' })
  await holds(['one', 'half'])
  await stop()
  await appendFile(log(), ' more\n')
  await start({ partialLineTimeout: '50' })
  await holds(['one', 'half', ' more'])
  await appendFile(log(), 'x')
  await holds(['one', 'half', ' more', 'x'])
  await appendFile(log(), '\ny\n')
  await holds(['one', 'half', ' more', 'x', 'y'])
})

test('a hole of NUL bytes is stepped over and reported', async () => {
  await writeFile(log(), text(lines('a', 0, 100)))
  await start()
  await holds(lines('a', 0, 100))
  const handle = await open(log(), 'r+')
  await handle.truncate(0)
  await handle.write('after the hole\n', 2_000_000)
  await handle.close()
  await holds([...lines('a', 0, 100), 'after the hole'])
  expect(reports.join()).toContain('2000000 NUL bytes')
})

test('bytes that arrive late in a hole at the end are not lost', async () => {
  const handle = await open(log(), 'w')
  await handle.truncate(3_000_000)
  await start()
  await sleep(100)
  await handle.write('first\nsecond\n', 0)
  await holds(['first', 'second'])
  await handle.close()
})

test('UTF-16 with a byte order mark, and UTF-8 with one', async () => {
  await writeFile(log('le.log'), Buffer.from('\ufeffÄpfel\r\n€ 5\r\n', 'utf16le'))
  await writeFile(log('be.log'), Buffer.from('\ufeffbig Ā\n', 'utf16le').swap16())
  await writeFile(log('utf8.log'), '\ufeffplain\n')
  await start()
  await holds(['Äpfel', '€ 5', 'big Ā', 'plain'])
  await stop()
  await appendFile(log('le.log'), Buffer.from('later\r\n', 'utf16le'))
  await start()
  await holds(['Äpfel', '€ 5', 'big Ā', 'plain', 'later'])
})

test('events of several lines, the last complete after a time', async () => {
  await writeFile(log(), '2024 a\n  at x\n  at y\n2024 b\n2024 c\n  at z\n')
  await start({ 'multiline.startPattern': '^\\d{4}', 'multiline.flushTimeout': '150' })
  await holds(['2024 a\n  at x\n  at y', '2024 b', '2024 c\n  at z'])
  expect(channels.events).toHaveLength(3)
})

test('lines over the limit are cut at a character, or left out and counted', async () => {
  const long = `${'x'.repeat(62)}€€€tail`
  await writeFile(log(), `${long}\nshort\n`)
  await start({ maxLineLength: '64' })
  await holds(['x'.repeat(62), '€€€tail', 'short'])
  await stop()
  await writeFile(log('b.log'), `${'y'.repeat(2_000_000)}\nshort too\n`)
  await start({ maxLineLength: '64', longLines: 'truncate' })
  await holds(['x'.repeat(62), '€€€tail', 'short', 'y'.repeat(64), 'short too'])
  expect(
    source
      ?.inspect?.()
      .files?.map((file) => file.note)
      .join(),
  ).toContain('bytes left out')
})

test('thousands of files under a low limit of handles', async () => {
  const names = Array.from({ length: 2000 }, (_, index) => `file-${index}.log`)
  for (const name of names) await writeFile(log(name), text(lines(name, 0, 3)))
  await start({ maxOpenFiles: '16' })
  await holds(
    names.flatMap((name) => lines(name, 0, 3)),
    20_000,
  )
})

test('ten thousand new files are begun with at once: none is compared with all the others', async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `many-${index}`)
  for (const name of names) writeFileSync(log(`${name}.log`), `${name}\n`)
  await start()
  // Comparing each with each took longer than half a minute, in which nothing was read.
  await holds(names, 12_000)
}, 40_000)

test('a fast file does not hold up the slow ones', async () => {
  await writeFile(log('fast.log'), text(lines('fast', 0, 400_000)))
  for (let index = 0; index < 20; index++) await writeFile(log(`slow-${index}.log`), `slow ${index}\n`)
  await start({ batchSize: '1000' })
  while (channels.events.filter((event) => event.body.startsWith('slow')).length < 20) await sleep(1)
  expect(channels.events.length).toBeLessThan(300_000)
  await holds([...lines('fast', 0, 400_000), ...Array.from({ length: 20 }, (_, index) => `slow ${index}`)], 20_000)
}, 30_000)

test('symbolic and hard links do not double a file', async () => {
  await writeFile(log('real.log'), 'one\n')
  await symlink(log('real.log'), log('link.log'))
  await link(log('real.log'), log('hard.log'))
  await start()
  await holds(['one'])
})

test('a link to nothing is told of, and read once what it leads to is there', async () => {
  const settled = new Date(Date.now() - 60_000)
  await symlink(join(root, 'later'), log('current.log'))
  await utimes(logs, settled, settled)
  await start()
  const told = () => source?.inspect?.().files?.map(({ path, note }) => [path, note])
  await vi.waitFor(() => expect(told()).toEqual([[log('current.log'), 'it is a symbolic link to nothing']]))
  await writeFile(join(root, 'later'), 'here at last\n')
  await holds(['here at last'])
  expect(told()).toEqual([[log('current.log'), '']])
})

// Other systems refuse such a name.
test.runIf(process.platform === 'linux')(
  'a file whose name is no UTF-8 is told of, not passed over in silence',
  async () => {
    await writeFile(Buffer.concat([Buffer.from(`${logs}/nam`), Buffer.from([0xe9]), Buffer.from('.log')]), 'unread\n')
    await writeFile(log('other.log'), 'read\n')
    await start()
    await holds(['read'])
    const told = source?.inspect?.().files?.find(({ path }) => path === log('nam\ufffd.log'))
    expect(told).toMatchObject({ skipped: true, note: 'its name is no valid UTF-8: rename it to have it read' })
  },
)

test('a link that moves on to another file', async () => {
  await writeFile(join(root, 'one'), 'a\n')
  await writeFile(join(root, 'two'), 'b\n')
  await symlink(join(root, 'one'), log('current.log'))
  await start()
  await holds(['a'])
  await rm(log('current.log'))
  await symlink(join(root, 'two'), log('current.log'))
  await holds(['a', 'b'])
})

test.skipIf(process.getuid?.() === 0)('a file without permission is said, and read when it is allowed', async () => {
  await writeFile(log(), 'one\n')
  await chmod(log(), 0)
  await start()
  expect(source?.inspect?.().files?.[0]?.note).toContain('EACCES')
  await chmod(log(), 0o600)
  await holds(['one'])
})

test('a folder that goes and comes back', async () => {
  await writeFile(log(), 'one\n')
  await start()
  await holds(['one'])
  await rename(logs, `${logs}.away`)
  await sleep(100)
  expect(states.at(-1)).toContain('folder missing')
  await rename(`${logs}.away`, logs)
  await appendFile(log(), 'two\n')
  await holds(['one', 'two'])
})

test('polling alone is enough', async () => {
  await start({ watch: 'false' })
  await writeFile(log(), 'one\n')
  await holds(['one'])
  await appendFile(log(), 'two\n')
  await holds(['one', 'two'])
})

test("begins where Flume's position file says, for the same inode and path only", async () => {
  await writeFile(log('a.log'), 'one\ntwo\n')
  await writeFile(log('b.log'), 'three\nfour\n')
  const { ino } = await (await import('node:fs/promises')).stat(log('a.log'))
  const positionFile = join(root, 'positions.json')
  await writeFile(positionFile, JSON.stringify([{ inode: ino, pos: 4, file: log('a.log') }]))
  await start({ positionFile })
  await holds(['two', 'three', 'four'])
  await stop()
  const written = JSON.parse(await readFile(positionFile, 'utf8')) as { pos: number; file: string }[]
  expect(written.find((one) => one.file === log('a.log'))?.pos).toBe(8)
})

test('a channel that is not durable goes on by the position file', async () => {
  channels = new RecordingChannels(false)
  await writeFile(log(), 'one\n')
  await start()
  await holds(['one'])
  await stop()
  await appendFile(log(), 'two\n')
  await start()
  await holds(['one', 'two'])
})

test('headers: of the group, the path, the byte offset; skipToEnd', async () => {
  await writeFile(log(), 'old\n')
  await start({ fileHeader: 'true', byteOffsetHeader: 'true', skipToEnd: 'true', 'headers.*': { 'g1.tier': 'edge' } })
  await sleep(50)
  await appendFile(log(), 'new\nnewer\n')
  await holds(['new', 'newer'])
  expect([...(channels.events[1]?.headers ?? [])]).toEqual([
    ['tier', 'edge'],
    ['file', log()],
    ['byteoffset', '8'],
  ])
})
