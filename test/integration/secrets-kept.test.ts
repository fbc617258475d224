/**
 * Passwords that a configuration holds, in every form that it may have: whatever goes wrong with it, none of what an agent or
 * the command line says has them, and what is kept is for its user only.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { SluiceProcess, runSluice } from './sluice-process.ts'

const canary = 'canary-k7!sings'
const other = 'canary-new9tune'

interface Form {
  readonly name: string
  readonly file: string
  readonly text: (password: string) => string
}

const parts = {
  source: { type: 'avro', bind: '127.0.0.1', port: '0', ssl: 'true', keystore: 'keys.p12', channels: 'c1' },
  sink: { type: 'avro', hostname: '127.0.0.1', port: '1', ssl: 'true', truststore: 'keys.p12', channel: 'c1' },
}
const settings = (values: object, line: (key: string, value: string) => string) =>
  Object.entries(values).map(([key, value]) => line(key, String(value)))

const properties = (password: (key: string) => string) =>
  [
    'a1.sources = r1',
    'a1.channels = c1',
    'a1.sinks = k1',
    ...settings(parts.source, (key, value) => `a1.sources.r1.${key} = ${value}`),
    'a1.channels.c1.type = file',
    ...settings(parts.sink, (key, value) => `a1.sinks.k1.${key} = ${value}`),
    password('a1.sources.r1.keystore-password'),
    password('a1.sinks.k1.truststore-password'),
    '',
  ].join('\n')

const forms: readonly Form[] = [
  {
    name: 'a line of .properties',
    file: 'flow.properties',
    text: (value) => properties((key) => `${key} = ${value}`),
  },
  {
    name: '.properties that go on in the next line',
    file: 'flow.properties',
    text: (value) => properties((key) => `${key} = \\\n    ${value.slice(0, 8)}\\\n    ${value.slice(8)}`),
  },
  {
    name: 'blocks of YAML',
    file: 'flow.yaml',
    text: (value) =>
      [
        'agents:\n  a1:\n    sources:\n      r1:',
        ...settings(parts.source, (key, text) => `        ${key}: ${text}`),
        `        keystore-password: >-\n          ${value}`,
        '    channels:\n      c1: { type: file }\n    sinks:\n      k1:',
        ...settings(parts.sink, (key, text) => `        ${key}: ${text}`),
        `        truststore-password: ${JSON.stringify(value)}`,
        '',
      ].join('\n'),
  },
  {
    name: 'YAML in one line',
    file: 'flow.yaml',
    text: (value) =>
      `agents: { a1: { sources: { r1: { keystore-password: "${value}", ${settings(parts.source, (k, v) => `${k}: ${v}`).join(', ')} } }, ` +
      `channels: { c1: { type: file } }, sinks: { k1: { truststore-password: "${value}", ${settings(parts.sink, (k, v) => `${k}: ${v}`).join(', ')} } } } }\n`,
  },
]

let folder: string
let agent: SluiceProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'))
  writeFileSync(join(folder, 'keys.p12'), 'no key store')
  mkdirSync(join(folder, 'data'))
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  rmSync(folder, { recursive: true, force: true })
})

describe.each(forms)('passwords in $name', ({ file, text }) => {
  test('are in nothing that is said, and what is kept is for the user alone', async () => {
    const path = join(folder, file)
    const wrong = join(folder, `wrong-${file}`)
    const next = join(folder, `next-${file}`)
    writeFileSync(path, text(canary))
    writeFileSync(next, text(other))
    const dataDir = join(folder, 'data')
    const run = ['agent', '-n', 'a1', '-f', path, '--data-dir', dataDir, '-Dflume.root.logger=TRACE,console']
    agent = new SluiceProcess([...run, '-Dflume.monitoring.type=http', '-Dflume.monitoring.port=0'], {
      directory: folder,
    })
    const [, port] = await agent.says(/serving \/metrics.*port=(\d+)/)
    await agent.says(/keys\.p12/)
    const said: string[] = []
    const say = async (...args: string[]) => {
      const { stdout, stderr, code } = await runSluice(args, { directory: folder })
      said.push(`$ sluice ${args.join(' ')}\n${stdout}${stderr}`)
      return { code, stdout, stderr }
    }
    // Mistakes of every kind around the password: a value, a key, a line that is cut, a file that is none.
    const broken = [
      text(canary).replaceAll('ssl', 'sssl'),
      text(canary).replaceAll('avro', 'avroo'),
      text(canary).replaceAll('keystore-password', 'keystorre-password'),
      text(canary).slice(0, -20),
      `${text(canary)}\n\t{ [ "`,
    ]
    for (const one of broken) {
      writeFileSync(wrong, one)
      await say('check', wrong, '-n', 'a1')
      await say('check', wrong, '-n', 'a1', '--json')
      await say('ctl', 'config', 'check', '--data-dir', dataDir, wrong)
      await say('ctl', 'config', 'preview', '--data-dir', dataDir, '--json', wrong)
    }
    const preview = await say('ctl', 'config', 'preview', '--data-dir', dataDir, next)
    expect(preview.stdout, preview.stderr).toMatch(/\*\*\*/)
    const shown = await say('ctl', 'config', 'show', '--data-dir', dataDir)
    expect(shown.stdout, shown.stderr).toMatch(/\*\*\*/)
    for (const what of ['status', 'events', 'marks', 'components'])
      for (const form of [[], ['--json']]) await say('ctl', what, '--data-dir', dataDir, ...form)
    for (const what of ['/metrics', '/metrics/prometheus'])
      said.push(await (await fetch(`http://127.0.0.1:${port}${what}`)).text())
    // What is applied while it runs is told, too.
    writeFileSync(path, text(other))
    await eventually(
      'it is applied',
      () => /r1.*(?:changed|started anew|restart)|appl/i.test(agent?.stderr ?? ''),
      20_000,
    )
    await say('ctl', 'events', '--data-dir', dataDir)
    await agent.stop()
    said.push(agent.stdout, agent.stderr)
    expect(said.join('').length).toBeGreaterThan(5000)
    for (const word of [canary, other, canary.slice(8), other.slice(8)])
      expect(
        said
          .filter((one) => one.includes(word))
          .map((one) => one.slice(Math.max(0, one.indexOf(word) - 300), one.indexOf(word) + 40)),
      ).toEqual([])
    const kept = (readdirSync(dataDir, { recursive: true }) as string[]).map((name) => join(dataDir, name))
    for (const one of kept.filter((name) => statSync(name).isFile()))
      if (readFileSync(one).includes(canary)) expect(statSync(one).mode & 0o077, one).toBe(0)
  })
})
