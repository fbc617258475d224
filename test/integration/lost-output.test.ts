/** Nobody reads what an agent says, or there is no room for it: it goes on, and says so as soon as somebody can be told. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LastingOutput } from '../../core/cli/command/lasting-output.ts'
import { eventually } from '../agent/flow.ts'
import { makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'

const entry = join(import.meta.dirname, '../../core/cli/sluice.ts')

let place: ReturnType<typeof temporaryFolder>
let endings: (() => unknown)[]
beforeEach(() => {
  place = temporaryFolder()
  endings = []
})
afterEach(async () => {
  for (const end of endings.reverse()) await end()
  place.remove()
})

/** What each `stdio` of the child is. */
function run(stdio: readonly ('pipe' | number)[], ...args: string[]) {
  const [stdout = 'pipe', stderr = 'pipe'] = stdio
  const child = spawn(process.execPath, [entry, ...args], { cwd: place.folder, stdio: ['ignore', stdout, stderr] })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  endings.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, ended }
}

function opened(path: string, flags: string): number {
  const descriptor = fs.openSync(path, flags)
  endings.push(() => fs.closeSync(descriptor))
  return descriptor
}

/** Lines of the one file that the agent watches come out of it in another. */
async function relays(stdio: readonly ('pipe' | number)[], lost?: (child: ReturnType<typeof run>['child']) => void) {
  const [watched, out] = [join(place.folder, 'in'), join(place.folder, 'out')]
  for (const folder of [watched, out]) fs.mkdirSync(folder)
  fs.writeFileSync(
    join(place.folder, 'a.properties'),
    `a.sources = r\na.channels = c\na.sinks = k\na.sources.r.type = TAILDIR\na.sources.r.channels = c\n` +
      `a.sources.r.filegroups = f\na.sources.r.filegroups.f = ${watched}/.*\na.channels.c.type = file\n` +
      `a.sinks.k.type = file_roll\na.sinks.k.channel = c\na.sinks.k.sink.directory = ${out}\n`,
  )
  const args = ['agent', '-n', 'a', '-f', 'a.properties', '--data-dir', 'data', '-Dflume.root.logger=DEBUG,console']
  const { child, ended } = run(stdio, ...args)
  lost?.(child)
  const collected = () => fs.readdirSync(out).map((name) => fs.readFileSync(join(out, name), 'utf8'))
  for (const line of ['one', 'two']) {
    fs.appendFileSync(join(watched, 'a.log'), `${line}\n`)
    await eventually(`${line} comes out`, () => collected().join('').includes(`${line}\n`), 15_000)
  }
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(collected().join('')).toBe('one\ntwo\n')
}

test.runIf(process.platform === 'linux')('an agent whose log goes to a full disk relays on', async () => {
  const full = opened('/dev/full', 'w')
  await relays([full, full])
})

test('an agent whose log nobody reads any more relays on', async () => {
  await relays(['pipe', 'pipe'], (child) => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  })
})

const root = process.platform === 'linux' && process.getuid?.() === 0
test.runIf(root)('lines that were lost on a full disk are counted in the log when there is room again', () => {
  const small = join(place.folder, 'small')
  fs.mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'small', small])
  endings.push(() => execFileSync('umount', [small]))
  const rest = join(small, 'rest')
  fs.writeFileSync(rest, Buffer.alloc(8192))
  const descriptor = fs.openSync(join(small, 'log'), 'a')
  endings.push(() => fs.closeSync(descriptor))
  const output = new LastingOutput(descriptor)
  let stored = 0
  while (output.write(`{"line":${stored},"text":"${'x'.repeat(90)}"}\n`)) stored++
  for (let lost = 1; lost < 5; lost++) expect(output.write('{"line":"lost"}\n')).toBe(false)
  fs.rmSync(rest)
  expect(output.write('{"line":"again"}\n')).toBe(true)
  const lines = fs.readFileSync(join(small, 'log'), 'utf8').trimEnd().split('\n')
  expect(stored).toBeGreaterThan(50)
  expect(lines.slice(0, stored).map((line) => (JSON.parse(line) as { line: unknown }).line)).toEqual([
    ...Array.from({ length: stored }, (_, at) => at),
  ])
  expect(lines.slice(-2)).toEqual([
    JSON.stringify({ level: 'warn', message: '5 lines could not be written here' }),
    '{"line":"again"}',
  ])
})

test.runIf(process.platform === 'linux')('a command whose output has no room says so in a sentence', async () => {
  const { child, ended } = run([opened('/dev/full', 'w'), 'pipe'], '--version')
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  expect(await ended).toEqual([1, null])
  expect(said).toMatch(/^sluice: the output cannot be written: .*no space left on device.* \[SLUICE_FILE\]\n$/)
})

test.runIf(process.platform === 'linux')(
  'an export goes through a pipe that has a name, and leaves it there',
  async () => {
    const folder = join(place.folder, 'channel')
    const channel = makeFileChannel(folder, {})
    await channel.open()
    await channel.put(numberedBatch(0, 300, 50))
    await channel.close(2000)
    const pipe = join(place.folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const read = fs.promises.readFile(pipe, 'utf8')
    const { child, ended } = run(['pipe', 'pipe'], 'backlog', folder, '--export', pipe)
    let said = ''
    child.stdout?.on('data', (text: Buffer) => (said += text.toString()))
    expect((await read).trimEnd().split('\n')).toHaveLength(300)
    expect(await ended).toEqual([0, null])
    expect(said).toBe('')
    expect(fs.statSync(pipe).isFIFO()).toBe(true)
  },
)
