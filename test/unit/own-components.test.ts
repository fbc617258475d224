import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import { silentLog } from '../../core/log.ts'

const examples = fileURLToPath(new URL('../../docs/examples/own-components', import.meta.url))

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-own-'))
})
afterAll(() => rm(directory, { recursive: true }))

test('the worked example runs: its source, interceptor and sink', async () => {
  const registry = builtinRegistry()
  const out = join(directory, 'free.jsonl')
  const { config, findings } = await loadConfig({
    files: [{ path: 'flow.properties' }],
    agent: 'edge',
    registry,
    environment: { OUT: out },
    baseDirectory: examples,
  })
  expect(findings).toEqual([])
  if (config === undefined) throw new Error('not loaded')
  expect(config.sources[0]).toMatchObject({ type: './disk-space-source.ts', settings: { interval: 1000 } })
  const agent = new Agent({
    config,
    registry,
    dataDirectory: join(directory, 'data'),
    baseDirectory: examples,
    log: silentLog,
  })
  await agent.start()
  try {
    let line = ''
    for (let wait = 0; wait < 700 && !line.endsWith('\n'); wait++) {
      await systemClock.sleep(20)
      line = await readFile(out, 'utf8').catch(() => '')
    }
    const [first = '{}'] = line.split('\n')
    const { headers, body } = JSON.parse(first) as { headers: Record<string, string>; body: string }
    expect(headers['path']).toBe('/')
    expect(body).toMatch(/^[1-9]\d* bytes are free$/)
  } finally {
    await agent.stop()
  }
})

describe('an own component', () => {
  const flow = (type: string) => `a1.sources = r1
a1.channels = c1
a1.sources.r1.type = ${type}
a1.sources.r1.channels = c1
a1.sources.r1.every = 5
a1.channels.c1.type = memory
`
  async function load(type: string) {
    const registry = builtinRegistry()
    const { config, findings } = await loadConfig({
      files: [{ path: 'flow.properties', text: flow(type) }],
      agent: 'a1',
      registry,
      baseDirectory: directory,
    })
    const errors = findings.filter(({ severity }) => severity === 'error')
    return { config, registry, errors, error: errors[0]?.message ?? '' }
  }
  async function module(path: string, text: string): Promise<string> {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
    return path
  }
  const good = `({ defineSource, z, whole }) => defineSource({
    type: 'tick', aliases: [], summary: '', settings: z.object({ every: whole(1) }),
    create: () => ({ start: async () => {}, stop: async () => {} }) })`

  test('may be a path, a file: URL or a package, in JavaScript or TypeScript', async () => {
    await module('tick.mjs', `export const definition = ${good}\n`)
    await module(
      'tick.ts',
      `const definition = ${good.replace('whole })', 'whole }: any)')}\nexport default definition\n`,
    )
    const manifest = (exports: unknown) => JSON.stringify({ name: 'ours', type: 'module', exports })
    await module('node_modules/ours/package.json', manifest({ '.': { types: './x.d.ts', import: './tick.js' } }))
    await module('node_modules/ours/tick.js', `export const definition = ${good}\n`)
    await module('node_modules/@us/sources/package.json', '{ "main": "lib/tick.mjs" }')
    await module('node_modules/@us/sources/lib/tick.mjs', `export const definition = ${good}\n`)
    const url = pathToFileURL(join(directory, 'tick.mjs')).href
    for (const type of [
      './tick.mjs',
      './tick.ts',
      join(directory, 'tick.mjs'),
      url,
      'ours',
      '@us/sources',
      '@us/sources/lib/tick.mjs',
    ]) {
      const { config, registry, errors } = await load(type)
      expect(errors, type).toEqual([])
      expect(config?.sources[0]).toMatchObject({ type, settings: { every: 5 } })
      expect(registry.find('source', type)?.type).toBe('tick')
    }
  })

  test.each([
    ['./none.mjs', '', /none\.mjs cannot be read: is the path right\? Relative paths start from /],
    ['./throws.mjs', 'throw new Error("at once")', /throws\.mjs fails while it is loaded: at once/],
    ['./syntax.mjs', 'export const = 1', /syntax\.mjs fails while it is loaded: /],
    [
      './empty.mjs',
      'export const other = 1',
      /empty\.mjs exports no definition: export const definition = defineSource/,
    ],
    [
      './kind.mjs',
      'export const definition = ({ defineSink, z }) => defineSink({ type: "x", aliases: [], summary: "", settings: z.object({}), create() {} })',
      /kind\.mjs defines a sink, and a source is needed here/,
    ],
    [
      './schema.mjs',
      'export const definition = { kind: "source", type: "x", settings: {}, create() {} }',
      /schema\.mjs exports a definition whose settings are no zod schema/,
    ],
    [
      './text.mjs',
      'export const definition = ({ z }) => ({ kind: "source", type: "x", settings: z.string(), create() {} })',
      /no object schema/,
    ],
    [
      './nothing.mjs',
      'export const definition = ({ z }) => ({ kind: "source", type: "x", settings: z.object({}) })',
      /without create\(settings, context\)/,
    ],
    [
      './makes.mjs',
      'export const definition = () => { throw new Error("while making") }',
      /makes\.mjs fails while it makes its definition: while making/,
    ],
    ['not-installed', '', /there is no source type not-installed/],
    ['file://host/x', '', /file:\/\/host\/x is no file URL of this system/],
  ])('that cannot be used says why: %s', async (type, text, message) => {
    if (text !== '') await module(type, text)
    const { config, errors, error } = await load(type)
    expect(config).toBeUndefined()
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ line: 3, key: 'a1.sources.r1.type' })
    expect(error).toMatch(message)
  })

  test('its settings are checked as those of any other', async () => {
    await module('strict.mjs', `export const definition = ${good.replace('whole(1)', 'whole(10)')}\n`)
    const { errors } = await load('./strict.mjs')
    expect(errors).toMatchObject([{ line: 5, key: 'a1.sources.r1.every', hint: 'give a whole number of at least 10' }])
  })
})
