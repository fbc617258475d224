import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runSluice } from './sluice-process.ts'

const good = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
`

/** Each: what is wrong, the line as it should be, the line as it is, and what the error must say. */
const mistakes: readonly (readonly [what: string, line: string, wrong: string, says: readonly RegExp[]])[] = [
  ['an unknown type', 'a1.sinks.k1.type = logger', 'a1.sinks.k1.type = loger', [/:9\b/, /loger/, /logger/]],
  ['no type', 'a1.sinks.k1.type = logger', '', [/k1/, /type/]],
  ['an unknown channel', 'a1.sinks.k1.channel = c1', 'a1.sinks.k1.channel = c2', [/:10\b/, /c2/, /c1/]],
  ['no channel', 'a1.sources.r1.channels = c1', '', [/r1/, /channel/]],
  ['a bad number', 'a1.sources.r1.port = 0', 'a1.sources.r1.port = 44x', [/:6\b/, /44x|port/, /0 to 65535/]],
  ['a port out of range', 'a1.sources.r1.port = 0', 'a1.sources.r1.port = 70000', [/:6\b/, /0 to 65535/]],
  ['a required key missing', 'a1.sources.r1.port = 0', '', [/port/, /missing/]],
  ['an empty value', 'a1.sources.r1.bind = 127.0.0.1', 'a1.sources.r1.bind =', [/:5\b/, /bind/]],
  ['a type of another kind', 'a1.channels.c1.type = memory', 'a1.channels.c1.type = netcat', [/:8\b/, /netcat/]],
  ['a listed name without keys', 'a1.sinks = k1', 'a1.sinks = k1 k2', [/k2/]],
  ['an own component that is not there', 'a1.sinks.k1.type = logger', 'a1.sinks.k1.type = ./no.ts', [/:9\b/, /no\.ts/]],
]

describe('a bad configuration', () => {
  let directory: string
  let file: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-bad-'))
    file = join(directory, 'flow.properties')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const agent = (...more: string[]) =>
    runSluice(['agent', '-n', 'a1', '-f', file, '--data-dir', join(directory, 'data'), ...more])
  const check = (...more: string[]) => runSluice(['check', '-n', 'a1', '-f', file, ...more])

  it('is not what a good one is', async () => {
    writeFileSync(file, good)
    expect(await check()).toMatchObject({ code: 0 })
    const findings = JSON.parse((await check('--json')).stdout) as unknown
    expect(JSON.stringify(findings)).not.toContain('"error"')
  })

  it.each(mistakes)('with %s is refused with its place and what would be right', async (_, line, wrong, says) => {
    expect(good).toContain(`${line}\n`)
    writeFileSync(file, good.replace(`${line}\n`, `${wrong}\n`))
    const checked = await check()
    expect(checked.code).toBe(1)
    const run = await agent()
    expect(run.code).toBe(1)
    for (const pattern of [/flow\.properties/, ...says]) {
      expect(checked.stdout + checked.stderr).toMatch(pattern)
      expect(run.stdout + run.stderr).toMatch(pattern)
    }
    expect(run.stderr).not.toMatch(/^ {4}at /m)
  })

  it('with an unknown key is a warning that names the nearest known one', async () => {
    writeFileSync(file, `${good}a1.channels.c1.capacty = 5\n`)
    const checked = await check()
    expect(checked.code).toBe(0)
    expect(checked.stdout + checked.stderr).toMatch(/capacty.*capacity/s)
  })

  it('that does not exist, or has no such agent, is said in a sentence', async () => {
    const missing = await agent()
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/flow\.properties/)
    writeFileSync(file, good)
    const other = await runSluice(['agent', '-n', 'a2', '-f', file, '--data-dir', join(directory, 'data')])
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(/a2/)
    expect(other.stderr).toMatch(/a1/)
  })
})

describe('a wrong command line', () => {
  it.each([
    [['agent', '-f', 'x'], /--name/],
    [['agent', '-n', 'a1'], /--conf-file/],
    [['agent', '-n', 'a1', '-f', 'x', '-z', 'zk:2181'], /-f/],
    [['agent', '-n', 'a1', '-f', 'x', '-Dflume.root.logger=LOUD'], /INFO,console/],
    [['agent', '-n', 'a1', '-f', 'x', '-Dflume.monitoring.type=ganglia'], /http/],
    [['relay', '--to', 'host:4141'], /--watch/],
    [['relay', '--watch', '.'], /--to/],
    [['relay', '--watch', '.', '--to', 'host'], /HOST:PORT/],
    [['relay', '--listen', 'syslog:514', '--to', 'host:1'], /netcat:PORT/],
    [['collect', '--out', '.', '--port', '99999'], /65535/],
    [['collect', '--port', '4141'], /--out/],
  ] as const)('%j is answered with exit code 2 and what would be right', async (args, says) => {
    const { code, stdout, stderr } = await runSluice(args)
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
