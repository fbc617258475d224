import { expect, test } from 'vitest'
import { configDifference } from '../../../core/config/difference.ts'
import { loadConfig } from '../../../core/config/load.ts'
import { sampleRegistry } from './sample-registry.ts'

const base = `a1.sources = r1 r2
a1.channels = c1 c2
a1.sinks = k1 k2
a1.sinkgroups = g1
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = 1
a1.sources.r1.channels = c1 c2
a1.sources.r2.type = netcat
a1.sources.r2.bind = localhost
a1.sources.r2.port = 2
a1.sources.r2.channels = c2
a1.sources.r2.interceptors = i1
a1.sources.r2.interceptors.i1.type = static
a1.channels.c1.type = memory
a1.channels.c2.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
a1.sinks.k2.type = logger
a1.sinks.k2.channel = c2
a1.sinkgroups.g1.sinks = k1 k2
a1.sinkgroups.g1.processor.type = failover
`

async function config(text: string) {
  const loaded = await loadConfig({
    files: [{ path: 'flow.properties', text }],
    agent: 'a1',
    registry: sampleRegistry(),
    baseDirectory: '/',
  })
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.findings))
  return loaded.config
}

const difference = async (change: (text: string) => string) =>
  configDifference(await config(base), await config(change(base)))

test('comments, the order of lines and blanks between words are no difference', async () => {
  const result = await difference((text) =>
    `# new\n${text.split('\n').reverse().join('\n')}`.replace('= c1 c2', '=   c1    c2').replace('logger', 'LOGGER'),
  )
  expect(result.empty).toBe(true)
  expect(result.sources.unchanged).toEqual(['r1', 'r2'])
})

test('one changed setting touches one component', async () => {
  const result = await difference((text) => text.replace('r1.port = 1', 'r1.port = 3'))
  expect(result.empty).toBe(false)
  expect(result.sources).toMatchObject({ changed: ['r1'], unchanged: ['r2'], rewired: [] })
  expect(result.channels.unchanged).toEqual(['c1', 'c2'])
  expect(result.sinks.unchanged).toEqual(['k1', 'k2'])
})

test('an interceptor or a selector is part of its source', async () => {
  const result = await difference(
    (text) => `${text}a1.sources.r2.interceptors.i1.value = x\na1.sources.r1.selector.type = multiplexing\n`,
  )
  expect(result.sources.changed).toEqual(['r1', 'r2'])
})

test('a changed channel rewires what uses it, and nothing else', async () => {
  const result = await difference((text) => `${text}a1.channels.c1.capacity = 500\n`)
  expect(result.channels).toMatchObject({ changed: ['c1'], unchanged: ['c2'] })
  expect(result.sources).toMatchObject({ rewired: ['r1'], unchanged: ['r2'] })
  expect(result.sinks).toMatchObject({ rewired: ['k1'], unchanged: ['k2'] })
  expect(result.sinkGroups.rewired).toEqual(['g1'])
})

test('what is new is added, what is gone is removed', async () => {
  const result = await difference((text) =>
    text
      .replace('sources = r1 r2', 'sources = r1 r3')
      .replaceAll('.r2.', '.r3.')
      .replace('a1.sinkgroups = g1', '')
      .replace(/^a1\.sinkgroups\.g1.*$/gm, ''),
  )
  expect(result.sources).toMatchObject({ added: ['r3'], removed: ['r2'], unchanged: ['r1'] })
  expect(result.sinkGroups).toMatchObject({ removed: ['g1'], unchanged: [] })
  expect(result.sinks.unchanged).toEqual(['k1', 'k2'])
})
