/** Every command of `sluice ctl`, run in this process against a real agent in another one. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, type MockInstance, test, vi } from 'vitest'
import { processContext } from '../../core/cli/command/context.ts'
import { runProgram } from '../../core/cli/command/program.ts'
import { calls, subscriptions } from '../../core/control/contract.ts'
import { SocketPort } from '../../core/control/socket-port.ts'
import { SluiceProcess } from './sluice-process.ts'

/** A folder is opened beside an agent for the window only: the command line reads it itself. */
const elsewhere: Readonly<Record<string, string>> = {
  openFolder: 'backlog',
  openedFolder: 'backlog',
  openedFolders: 'backlog',
  closeFolder: 'backlog',
}

let directory: string
let flowFile: string
let agent: SluiceProcess
const asked = new Set<string>()
/** See what the commands ask the agent, test by test. */
let spies: MockInstance<SocketPort['call'] | SocketPort['subscribe']>[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-ctl-'))
  flowFile = join(directory, 'flow.properties')
  mkdirSync(join(directory, 'in'))
  mkdirSync(join(directory, 'out'))
  writeFileSync(
    flowFile,
    `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = taildir
a1.sources.r1.filegroups = f
a1.sources.r1.filegroups.f = ${directory}/in/.*
a1.sources.r1.fileHeader = true
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = ${directory}/out
a1.sinks.k1.channel = c1
`,
  )
  agent = new SluiceProcess(['agent', '-n', 'a1', '-f', flowFile, '--data-dir', join(directory, 'data')])
  await vi.waitFor(async () => expect(await told('status')).not.toContain('starting'), 20_000)
  spies = [vi.spyOn(SocketPort.prototype, 'call'), vi.spyOn(SocketPort.prototype, 'subscribe')]
})
afterEach(() => {
  for (const { mock } of spies) for (const [name] of mock.calls) asked.add(name)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await agent.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Runs `sluice ctl …`; `until` ends it, as Ctrl-C does, when it has printed that. */
async function ctl(...args: (string | { readonly until: string })[]) {
  const said = { out: '', err: '', code: 0 }
  let interrupt: (signal: NodeJS.Signals) => void = () => undefined
  const until = args.flatMap((one) => (typeof one === 'string' ? [] : [one.until]))[0]
  const words = args.flatMap((one) => (typeof one === 'string' ? [one] : []))
  await runProgram(['ctl', ...words, '--data-dir', join(directory, 'data')], {
    ...processContext(),
    stdout: {
      write(text) {
        said.out += text
        if (until !== undefined && said.out.includes(until)) interrupt('SIGINT')
        return true
      },
    },
    stderr: { write: (text) => Boolean((said.err += text)) },
    workingDirectory: directory,
    onSignal(listener) {
      interrupt = listener
      return () => undefined
    },
    exit: (code) => void (said.code = code),
  })
  return said
}

/** Its text, when it went well. */
async function told(...args: Parameters<typeof ctl>): Promise<string> {
  const { out, err, code } = await ctl(...args)
  expect({ args, code, err }).toEqual({ args, code: 0, err: expect.any(String) as string })
  return out
}
const json = async (...args: string[]): Promise<unknown> => JSON.parse(await told(...args, '--json'))

describe('sluice ctl', () => {
  test('commands the flow', async () => {
    expect(await told('pause', 'k1')).toBe('k1 paused\n')
    expect(await told('status')).toMatch(/k1 +file_roll .*paused/)
    expect((await ctl('status', '--follow', '--json', { until: '"a1"' })).out).toContain('"k1"')
    expect(await told('rate', 'c1', '500')).toContain('at most 500')
    expect(await told('rate', 'c1', 'none')).toContain('no limit')
    expect(await told('drain', 'c1', '--rate', '9')).toContain('c1 drains')
    expect(await told('drain', 'c1', '--cancel')).toContain('has ended')
    expect(await told('resume', 'c1')).toBe('c1 resumed\n')
    // From here on what comes waits.
    await told('pause', 'k1')
    writeFileSync(join(directory, 'in', 'a.log'), Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join(''))
  })

  test('tells what happened and what was over time', async () => {
    expect(await told('ledger', 'c1')).toMatch(/received +\d+/)
    expect(await told('history')).toContain('channel:c1:events')
    expect(await told('history', 'channel:c1:events', '--minutes', '5')).toContain('LAST')
    expect(await told('marks', '--minutes', '10')).toMatch(/action +sink:k1 +paused/)
    expect(await told('events', '--kinds')).toMatch(/PART|nothing has happened/)
    expect(await told('events', '--all')).toMatch(/ID|nothing/)
    expect(await told('events', '--acknowledge', 'all')).toMatch(/^\d+ acknowledged/)
    expect((await ctl('events', '--acknowledge', 'x')).err).toContain('give a number that "sluice ctl events" shows')
    const following = ctl('events', '--all', '--follow', { until: 'applied' })
    writeFileSync(flowFile, `${readFileSync(flowFile, 'utf8')}a1.sinks.k1.sink.rollInterval = 60\n`)
    await told('config', 'apply', flowFile)
    expect((await following).out).toContain('applied')
  })

  test('shows what waits', async () => {
    await vi.waitFor(async () => expect(await told('backlog', 'c1', '--summary')).toMatch(/^20 events/), 10_000)
    expect((await told('backlog', 'c1', '--limit', '3')).split('\n')).toHaveLength(4)
    expect(await told('backlog', 'c1', '--skip', '19')).toContain('line 19')
    const { rows } = (await json('backlog', 'c1', '--limit', '1')) as { rows: { number: number }[] }
    expect(await told('event', 'c1', String(rows[0]?.number))).toMatch(/file: .*a\.log\n\nline 0\n/)
    expect(await told('search', 'c1', '--search', 'line 7')).toContain('line 7')
    expect(await told('counts', 'c1', 'file')).toMatch(/a\.log +20/)
    expect(await told('export', 'c1', '--out', join(directory, 'copy.ndjson'))).toContain('20 events')
    expect(await told('exports')).toBe('no exports\n')
    expect((await ctl('exports', '--remove', 'none')).err).toMatch(/SLUICE_\w+/)
  })

  test('shows what a source reads and tries what it could', async () => {
    expect(await told('files', 'r1')).toMatch(/a\.log +1\d\d B +1\d\d B +0 B/)
    expect((await ctl('files', 'r1', '--only', 'some')).err).toContain('give one of all, behind, noted, skipped')
    expect(await told('test-folder', join(directory, 'in'), '--pattern', '.*\\.log')).toContain('1')
    expect((await ctl('test-folder', join(directory, 'none'))).code).toBe(1)
    const refused = await ctl('test-connection', '127.0.0.1:1')
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('SLUICE_') as string })
    expect((await ctl('test-connection', 'nowhere')).code).toBe(2)
  })

  test('checks, previews, applies and rolls back the configuration', async () => {
    const before = readFileSync(flowFile, 'utf8')
    const other = join(directory, 'other.properties')
    expect(await told('config', 'show')).toBe(before)
    expect(await told('config', 'show', '--secrets')).toBe(before)
    expect(await told('config', 'check')).toBe('no findings\n')
    writeFileSync(other, before.replace('type = taildir', 'type = tayldir'))
    const wrong = await ctl('config', 'check', other)
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('did you mean taildir') as string })
    expect(await ctl('config', 'apply', other)).toMatchObject({ code: 1 })
    expect(readFileSync(flowFile, 'utf8')).toBe(before)
    writeFileSync(other, `${before}a1.sinks.k1.batchSize = 7\n`)
    expect(await told('config', 'preview', other)).toMatch(/\+a1\.sinks\.k1\.batchSize = 7[^]*sink k1 \(file_roll\)/)
    expect(await told('config', 'apply', other)).toMatch(/applied\n$/)
    expect(readFileSync(flowFile, 'utf8')).toContain('batchSize = 7')
    const versions = (await json('config', 'versions')) as { id: number; current: boolean; by: string }[]
    expect(versions[0]).toMatchObject({ current: true, by: expect.stringMatching(/^sluice ctl/) as string })
    const past = versions[1]?.id
    expect(await told('config', 'version', String(past))).toBe(before)
    expect(await told('config', 'rollback', String(past))).toContain('is applied')
    expect(readFileSync(flowFile, 'utf8')).toBe(before)
    expect((await ctl('config', 'check', 'nofile')).err).toContain('nofile')
    expect(await told('components')).toMatch(/sink +file_roll/)
    expect(await told('components', 'file_roll')).toContain('sink.directory')
    expect((await ctl('components', 'nosuch')).code).toBe(2)
  })

  test('stops the agent', async () => {
    expect(await told('stop')).toBe('stopping\n')
    expect(await agent.finished()).toMatchObject({ code: 0 })
  })

  test('can do all that the contract has, and so all that the window can do', () => {
    const missing = [...Object.keys(calls), ...Object.keys(subscriptions)].filter(
      (name) => !asked.has(name) && elsewhere[name] === undefined,
    )
    expect(missing).toEqual([])
  })
})
