import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig, type LoadOptions } from '../../../core/config/load.ts'
import { sampleRegistry } from './sample-registry.ts'

/** A flow whose source's `bind` is `value`, and what becomes of it. */
async function bind(value: string, more: Partial<LoadOptions> & { lines?: string } = {}) {
  const text = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = ${value}
a1.sources.r1.port = 1
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
home = /data
${more.lines ?? ''}`
  const { config, findings } = await loadConfig({
    files: [{ path: 'flow.properties', text }],
    agent: 'a1',
    registry: sampleRegistry(),
    baseDirectory: tmpdir(),
    environment: { HOST: 'edge7', EMPTY: '', KEY: 'HOST' },
    properties: { 'my.port': '99' },
    ...more,
  })
  return { value: config?.sources[0]?.raw['bind'], findings, texts: findings.map(({ message }) => message) }
}

describe('references', () => {
  test.each([
    ['${env:HOST}', 'edge7'],
    ['${HOST}', 'edge7'],
    ['x-${env:HOST}-y-${sys:my.port}', 'x-edge7-y-99'],
    ['${home}/log', '/data/log'],
    ['${a1.sources.r1.port}', '1'],
    ['${env:NONE:-there}', 'there'],
    ['${NONE:-${env:HOST}}', 'edge7'],
    ['${env:${env:KEY}}', 'edge7'],
    ['${sys:none:-a:-b}', 'a:-b'],
    ['${later}', 'edge7!'],
    ['$${HOST}', '${HOST}'],
    ['a$${x${HOST}y}b', 'a${x${HOST}y}b'],
    ['100%{host}$', '100%{host}$'],
  ])('%s', async (written, expected) => {
    const { value, findings } = await bind(written, { lines: 'later = ${more}!\nmore = ${env:HOST}\n' })
    expect(findings).toEqual([])
    expect(value).toBe(expected)
  })

  test.each([
    ['${env:NONE}', 'the environment has no NONE'],
    ['${sys:none}', 'nothing sets none'],
    ['${hme}/log', '${hme} is no key of the configuration and not in the environment'],
    ['${java:version}', '${java:…} is not known here'],
    ['${env:HOST', 'has a ${ that no } closes'],
    ["${vault['key']}", 'there is no config filter vault'],
    ['${a1.sources.r1.bind}', 'refers to itself by way of a1.sources.r1.bind'],
  ])('%s is an error with its line, and stays as it is when lenient', async (written, message) => {
    const { value, findings } = await bind(written)
    expect(value).toBeUndefined()
    expect(findings).toMatchObject([{ severity: 'error', line: 5, column: 22, key: 'a1.sources.r1.bind', message }])
    if (message.startsWith('refers')) return
    expect((await bind(written, { lenient: true })).value).toBe(written)
  })

  test('a nearer name is shown', async () => {
    expect((await bind('${hme}')).findings[0]?.hint).toContain('did you mean ${home}?')
  })

  test('references to references end', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `x${i} = \${x${i + 1}}\${x${i + 1}}\${x${i + 1}}`).join('\n')
    const { texts } = await bind('${x0}', { lines: `${lines}\nx40 = abc\n` })
    expect(texts.some((text) => text.includes('grows beyond'))).toBe(true)
    const deep = `${'${'.repeat(200)}${'}'.repeat(200)}`
    expect((await bind(deep)).texts.some((text) => text.includes('nested more than'))).toBe(true)
  })

  test('an empty value from the environment is an error that names the key', async () => {
    expect((await bind('${env:EMPTY}')).texts).toEqual(['has an empty value'])
  })
})

describe('config filters', () => {
  test('env and external, in every way of writing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-filter-'))
    const program = join(directory, 'vault')
    await writeFile(program, '#!/bin/sh\n[ "$2" = fails ] && exit 3\n[ "$2" = none ] || echo "$1:$2"\n')
    await chmod(program, 0o755)
    const lines = `a1.configfilters = env vault
a1.configfilters.env.type = env
a1.configfilters.vault.type = external
a1.configfilters.vault.command = ${program} prod
`
    try {
      expect((await bind("${vault['db-key']}", { lines })).value).toBe('prod:db-key')
      expect((await bind('${vault["db-key"]}', { lines })).value).toBe('prod:db-key')
      expect((await bind('${vault[db-key]}/${env[HOST]}', { lines })).value).toBe('prod:db-key/edge7')
      expect((await bind('${vault[none]:-x}', { lines })).value).toBe('x')
      expect((await bind('${vault[none]}', { lines })).texts).toEqual(['config filter vault has no none'])
      expect((await bind('${vault[fails]}', { lines })).texts).toEqual([
        `config filter vault: ${program} ended with exit code 3`,
      ])
      expect((await bind('${valt[x]}', { lines })).findings[0]?.hint).toBe('did you mean vault?')
      const shown = await bind('x', { lines: `${lines}a1.sources.r1.max-line-length = \${vault[secret]}\n` })
      expect(shown.texts).toEqual(['"***" cannot be used'])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('one that is broken says how', async () => {
    const texts = async (lines: string) => (await bind('x', { lines: `a1.configfilters = f\n${lines}` })).texts
    expect(await texts('a1.configfilters.f.type = hadop\n')).toEqual(['there is no config filter type hadop'])
    expect(await texts('a1.configfilters.f.type = external\n')).toEqual([
      'command is missing: config filter f needs it',
    ])
    expect(
      await texts(
        'a1.configfilters.f.type = external\na1.configfilters.f.command = x\na1.configfilters.f.charset = klingon\n',
      ),
    ).toEqual([expect.stringContaining('klingon')])
  })
})
