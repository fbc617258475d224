import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { makeFileChannel } from '../file-channel-rig.ts'
import { runSluice, SluiceProcess } from './sluice-process.ts'

let directory: string
let folder: string
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-backlog-command-'))
  folder = join(directory, 'channels/c1')
  const channel = makeFileChannel(folder)
  await channel.open()
  const builder = new BatchBuilder(1024)
  for (let number = 0; number < 300; number++)
    builder.addEvent(new Map([['host', `h${number % 2}`]]), Buffer.from(`line ${number} \u001b[31mred\u001b[0m`))
  await channel.put(builder.finish())
  await (await channel.take(100, 1 << 20, 100))?.ack()
  await channel.close(1_000)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const numbers = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => Number.parseInt(line, 10))

describe('sluice backlog', () => {
  test('lists what waits in a stopped channel or a copy, from wherever, and no terminal obeys an event', async () => {
    const all = await runSluice(['backlog', directory, '--limit', '3'])
    expect(all).toMatchObject({ code: 0, stderr: '' })
    expect(numbers(all.stdout)).toEqual([100, 101, 102])
    expect(all.stdout).toContain('{host=h0} line 100 ‹ESC›[31mred‹ESC›[0m')
    expect(all.stdout).not.toContain('\u001b')
    const copy = join(directory, 'copy')
    cpSync(folder, copy, { recursive: true })
    expect(numbers((await runSluice(['backlog', copy, '--from', 'newest', '--limit', '2'])).stdout)).toEqual([299, 298])
    expect(numbers((await runSluice(['backlog', copy, '--from', '150', '--backward', '--limit', '2'])).stdout)).toEqual(
      [150, 149],
    )
    const found = await runSluice(['backlog', copy, '--regex', '^line 2\\d5', '--header', 'host=h1', '--json'])
    expect(
      found.stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { number: number }).number),
    ).toEqual([205, 215, 225, 235, 245, 255, 265, 275, 285, 295])
    const summary = await runSluice(['backlog', copy, '--summary'])
    expect(summary.stdout).toMatch(/^200 events wait, .*\n.*numbers 100 to 299\n.*it balances\n$/)
    expect((await runSluice(['backlog', copy, '--counts', 'host'])).stdout).toBe(
      'host  EVENTS\nh0       100\nh1       100\n',
    )
  })

  test('exports, and says in words what cannot be done', async () => {
    const file = join(directory, 'out.ndjson')
    const done = await runSluice(['backlog', folder, '--export', file, '--search', 'line 29'])
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^10 events, /) as string })
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(10)
    for (const [args, code, text] of [
      [[folder, '--regex', '('], 1, /regular expression cannot be used/],
      [[folder, '--from', 'yesterday-ish'], 2, /--from yesterday-ish: give oldest/],
      [[folder, '--limit', '0'], 2, /--limit 0: give a whole number/],
      [[folder, '--in', 'tail'], 2, /give body, headers or any/],
      [[directory + '/nowhere'], 1, /is no channel folder/],
      [[folder, '--export', join(directory, 'no/such/place')], 1, /cannot write/],
      [[folder, '--export', directory], 1, /cannot write \S+: it is a folder/],
      [[folder, '--export', file, '--format', 'csv'], 2, /give one of ndjson, avro/],
    ] as const) {
      const failed = await runSluice(['backlog', ...args])
      expect(failed.stderr).toMatch(text)
      expect(failed.code, args.join(' ')).toBe(code)
    }
  })
})

test('sluice ctl lists, searches, counts and exports what waits in a running agent', async () => {
  const flow = join(directory, 'flow.properties')
  writeFileSync(
    flow,
    'a1.sources = r1\na1.channels = c1\na1.sources.r1.type = netcat\na1.sources.r1.bind = 127.0.0.1\n' +
      'a1.sources.r1.port = 0\na1.sources.r1.channels = c1\na1.channels.c1.type = file\n',
  )
  const agent = new SluiceProcess(['agent', '-n', 'a1', '-f', flow, '--data-dir', directory])
  try {
    await agent.says(/listening on/)
    const ctl = (...args: string[]) => runSluice(['ctl', ...args, '--data-dir', directory])
    expect(numbers((await ctl('backlog', 'c1', '--limit', '2')).stdout)).toEqual([100, 101])
    expect(numbers((await ctl('search', 'c1', '--search', 'LINE 155', '--ignore-case')).stdout)).toEqual([155])
    expect((await ctl('counts', 'c1', 'host')).stdout).toMatch(/^host .*\nh0 +100\nh1 +100\n/)
    const out = join(directory, 'waiting.avro')
    const exported = await ctl('export', 'c1', '--format', 'avro', '--out', out)
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(/^200 events/) as string })
    expect(readFileSync(out).subarray(0, 4).toString('latin1')).toBe('Obj\u0001')
    expect(readdirSync(join(directory, 'exports'))).toEqual([])
    const bad = await ctl('search', 'nope', '--search', 'x')
    expect(bad.code).not.toBe(0)
    expect(bad.stderr).toMatch(/nope/)
  } finally {
    await agent.stop()
  }
  expect(existsSync(join(directory, 'control.json'))).toBe(false)
})
