import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandLineContext } from '../../core/cli/command/context.ts'
import { runProgram } from '../../core/cli/command/program.ts'
import { systemClock } from '../../core/clock.ts'
import type { ConfigResult } from '../../core/config/model.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-check-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function check(...args: string[]) {
  const result = { out: '', error: '', code: -1 }
  const context: CommandLineContext = {
    stdout: { write: (text) => ((result.out += text), true) },
    stderr: { write: (text) => ((result.error += text), true) },
    environment: { HOST_NAME: 'next.example.org' },
    platform: 'linux',
    homeDirectory: directory,
    workingDirectory: directory,
    clock: systemClock,
    onSignal: () => () => undefined,
    exit: (code) => (result.code = code),
    outlastOutput: () => undefined,
    exitNow: () => {
      throw new Error('not in a test')
    },
  }
  await runProgram(['check', ...args], context)
  return result
}

const good = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = avro
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 4141
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = avro
a1.sinks.k1.channel = c1
a1.sinks.k1.hostname = \${HOST_NAME}
a1.sinks.k1.port = \${sys:port}
`

describe('sluice check', () => {
  test('says that a good flow can start', async () => {
    await writeFile(join(directory, 'good.properties'), good)
    const result = await check('-n', 'a1', '-f', 'good.properties', '-Dport=4142')
    expect(result).toEqual({ out: '', error: 'agent a1 can start: 0 errors, 0 warnings\n', code: 0 })
  })

  const findingsIn = async (text: string, ...more: string[]) => {
    await writeFile(join(directory, 'flow.properties'), text)
    const { out, code } = await check('-n', 'a1', '-f', 'flow.properties', '-Dport=4142', ...more)
    return { lines: out.split(directory).join('').split('\n').filter(Boolean), code }
  }
  const tail = good
    .replace('r1.type = avro', 'r1.type = taildir')
    .replace(/a1.sources.r1.(bind|port).*\n/g, '')
    .concat('a1.sources.r1.filegroups = g\n')

  test('tells a pattern for file names that is none, and a file group without one', async () => {
    const { lines, code } = await findingsIn(`${tail}a1.sources.r1.filegroups.g = /var/log/*.log\n`)
    expect(lines).toEqual([expect.stringContaining('/flow.properties:12:30: error: a1.sources.r1.filegroups.g: ')])
    expect(code).toBe(1)
    expect((await findingsIn(tail)).lines).toEqual([
      expect.stringContaining('a1.sources.r1.filegroups.g: filegroups.g is missing'),
    ])
  })

  test('tells two sources on one port; with --lenient they are a warning', async () => {
    const two = `${good.replace('sources = r1', 'sources = r1 r2')}a1.sources.r2.type = netcat
a1.sources.r2.bind = 0.0.0.0
a1.sources.r2.port = 4141
a1.sources.r2.channels = c1
`
    const { lines, code } = await findingsIn(two)
    expect(lines).toEqual([
      '/flow.properties:15:22: error: a1.sources.r2.port: source r1 takes port 4141 already (give another port)',
    ])
    expect(code).toBe(1)
    expect((await findingsIn(two, '--lenient')).lines).toEqual([expect.stringContaining('warning: a1.sources.r2.port')])
    expect((await findingsIn(two.replace('= netcat', '= netcatudp'))).lines).toEqual([])
    expect((await findingsIn(two.replace('0.0.0.0', '127.0.0.2'))).lines).toEqual([])
    expect((await findingsIn(two.replaceAll('4141', '0'))).lines).toEqual([])
  })

  test('tells two file channels in one folder', async () => {
    const { lines } = await findingsIn(`${good.replace('channels = c1', 'channels = c1 c2')}a1.channels.c1.dataDirs = d
a1.channels.c2.type = file
a1.channels.c2.dataDirs = ./d, e
`)
    expect(lines).toContainEqual(
      expect.stringContaining('error: a1.channels.c2.dataDirs: channel c1 has the folder /d already'),
    )
  })

  test('warns of quotes around a value, and never shows a secret for it', async () => {
    const { lines, code } = await findingsIn(
      good.replace('127.0.0.1', '"127.0.0.1"').concat('a1.sinks.k1.truststore-password = "hush"\n'),
    )
    expect(lines).toEqual([
      expect.stringMatching(/:5:22: warning: a1.sources.r1.bind: the quotes are part of the value \(write 127.0.0.1 /),
    ])
    expect(code).toBe(0)
  })

  test('prints every finding with file, line and column, and exits 1', async () => {
    await writeFile(
      join(directory, 'bad.properties'),
      good.replace('port = 4141', 'port = 441x').replace('type = file', 'type = fiel').replace('hostname', 'hostnam'),
    )
    const { out, error, code } = await check('-n', 'a1', '-f', 'bad.properties', '-Dport=4142')
    const at = join(directory, 'bad.properties')
    expect(out.split('\n')).toEqual([
      expect.stringContaining(`${at}:6:22: error: a1.sources.r1.port: "441x" cannot be used (give a whole number`),
      expect.stringContaining(
        `${at}:8:23: error: a1.channels.c1.type: there is no channel type fiel (did you mean file?`,
      ),
      expect.stringContaining(`${at}:9:20: error: a1.sinks.k1.hostname: hostname is missing`),
      expect.stringContaining(`${at}:11:1: warning: a1.sinks.k1.hostnam: `),
      '',
    ])
    expect(out).toContain('did you mean hostname?')
    expect(error).toBe('agent a1 cannot start: 3 errors, 1 warning\n')
    expect(code).toBe(1)
  })

  test('--json prints the same for programs', async () => {
    await writeFile(join(directory, 'bad.properties'), good.replace('a1.sinks.k1.channel = c1', ''))
    const { out, code } = await check('-n', 'a1', '-f', 'bad.properties', '-D', 'port=4142', '--json')
    const result = JSON.parse(out) as { agent: string; ok: boolean; findings: ConfigResult['findings'] }
    expect(result).toMatchObject({ agent: 'a1', ok: false })
    expect(result.findings[0]).toMatchObject({ severity: 'error', line: 9, key: 'a1.sinks.k1.channel' })
    expect(code).toBe(1)
  })

  test('looks for the file in --conf too, and says which file is not there', async () => {
    expect((await check('-n', 'a1', '-c', directory, '-f', 'good.properties', '-Dport=1')).code).toBe(0)
    const missing = await check('-n', 'a1', '-f', 'none.properties')
    expect(missing.out).toContain('none.properties: error: does not exist')
    expect(missing.code).toBe(1)
  })

  test('a wrong command line is exit code 2', async () => {
    expect((await check('-f', 'good.properties')).code).toBe(2)
    expect((await check('-n', 'a1', '-f', 'good.properties', '-D=x')).code).toBe(2)
  })
})
