import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../core/config/load.ts'
import { sampleRegistry } from './sample-registry.ts'

const load = (path: string, text: string) =>
  loadConfig({ files: [{ path, text }], agent: 'a1', registry: sampleRegistry(), baseDirectory: '/' })

const yaml = `# two forms, one flow
x-limits: &limits { capacity: 1000, transactionCapacity: 500 }
agents:
  a1:
    sources:
      files:
        type: taildir
        channels: [c1, c2]
        batchSize: 500
        filegroups: { app: /var/log/app/.*, sys: /var/log/syslog }
        headers:
          app: { team: payments }
        interceptors:
          first: { type: static, key: zone, value: 010 }
        selector: { type: multiplexing, default: [c1], mapping: { x: c2 } }
    channels:
      c1: { type: memory, <<placeholder>> }
      c2: *memory
    sinks:
      k1: { type: logger, channel: c1 }
      k2:
        type: avro
        channel: c2
        hostname: "10.0.0.1"
        port: 4141
    sinkgroups:
      g1: { sinks: [k1, k2], processor: { type: failover, priority: { k1: 5 } } }
`.replace('{ type: memory, <<placeholder>> }', '&memory { type: memory, capacity: 1000, transactionCapacity: 500 }')

const properties = `a1.sources = files
a1.channels = c1 c2
a1.sinks = k1 k2
a1.sinkgroups = g1
a1.sources.files.type = taildir
a1.sources.files.channels = c1 c2
a1.sources.files.batchSize = 500
a1.sources.files.filegroups = app sys
a1.sources.files.filegroups.app = /var/log/app/.*
a1.sources.files.filegroups.sys = /var/log/syslog
a1.sources.files.headers.app.team = payments
a1.sources.files.interceptors = first
a1.sources.files.interceptors.first.type = static
a1.sources.files.interceptors.first.key = zone
a1.sources.files.interceptors.first.value = 010
a1.sources.files.selector.type = multiplexing
a1.sources.files.selector.default = c1
a1.sources.files.selector.mapping.x = c2
a1.channels.c1.type = memory
a1.channels.c1.capacity = 1000
a1.channels.c1.transactionCapacity = 500
a1.channels.c2.type = memory
a1.channels.c2.capacity = 1000
a1.channels.c2.transactionCapacity = 500
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
a1.sinks.k2.type = avro
a1.sinks.k2.channel = c2
a1.sinks.k2.hostname = 10.0.0.1
a1.sinks.k2.port = 4141
a1.sinkgroups.g1.sinks = k1 k2
a1.sinkgroups.g1.processor.type = failover
a1.sinkgroups.g1.processor.priority.k1 = 5
`

/** A configuration without what was written: YAML has no list of file groups. */
const meaning = (config: unknown): unknown =>
  JSON.parse(JSON.stringify(config, (key, value: unknown) => (key === 'raw' ? undefined : value)))

describe('the YAML form', () => {
  test('means what the same .properties mean', async () => {
    const one = await load('flow.yaml', yaml)
    const other = await load('flow.properties', properties)
    expect(one.findings).toEqual([])
    expect(other.findings).toEqual([])
    expect(one.config).toBeDefined()
    expect(meaning(one.config)).toEqual(meaning(other.config))
    expect(one.config?.sources[0]?.interceptors[0]?.settings).toEqual({ key: 'zone', value: '010' })
  })

  test('findings have its lines and columns', async () => {
    const { findings } = await load(
      'flow.yml',
      yaml.replace('port: 4141', 'port: many').replace('type: logger', 'type: loger'),
    )
    expect(findings.map(({ line, column, key }) => [line, column, key])).toEqual([
      [20, 19, 'a1.sinks.k1.type'],
      [25, 15, 'a1.sinks.k2.port'],
    ])
  })

  test.each([
    ['agents:\n  a1:\n\tsources: x', 3, /no valid YAML/],
    ['agents:\n  a1: [', 2, /no valid YAML/],
    ['agents:\n  a1: { sources: 1, sources: 2 }', 2, /no valid YAML.*unique/],
    ['agent:\n  a1: {}', 1, /is missing/],
    ['- a\n- b', 1, /is missing/],
    ['agents: { a1: { sources: { r1: *none } } }', 1, /anchor &none/],
    ['agents: { a1: { sources: { r1: { type: [[1]] } } } }', 1, /no text/],
    ['agents:\n  a1:\n    sources:\n      r1: { <<: 1 }', 4, /merge keys/],
    ['agents: {}\n---\nagents: {}', 2, /second YAML document/],
    [`agents: ${'{ a: '.repeat(60)}1${' }'.repeat(60)}`, 1, /nested more than/],
  ] as const)('%j is refused with its line', async (text, line, message) => {
    const { config, findings } = await load('flow.yaml', text)
    expect(config).toBeUndefined()
    const found = findings.find((finding) => message.test(finding.message))
    expect(found, JSON.stringify(findings)).toMatchObject({ severity: 'error', line })
  })

  test.each([
    ['maps', '{ a: '],
    ['lists', '[ '],
    ['items', '- '],
  ])('%s in each other, 20,000 deep, are refused as such', async (_, opening) => {
    const { config, findings } = await load('flow.yaml', `agents:\n  ${opening.repeat(20_000)}`)
    expect(config).toBeUndefined()
    expect(findings.filter(({ message }) => message.includes('nested more than 32 deep'))).toHaveLength(1)
    expect(findings.filter(({ message }) => message.includes('call stack'))).toEqual([])
  })

  test('aliases of aliases end', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `x-${i + 1}: &l${i + 1} { ${'abcdefgh'
          .split('')
          .map((key) => `${key}: *l${i}`)
          .join(', ')} }`,
    )
    const text = `x-0: &l0 { z: 1 }\n${levels.join('\n')}\nagents: { a1: { sources: *l12 } }\n`
    const { config, findings } = await load('flow.yaml', text)
    expect(config).toBeUndefined()
    expect(findings.some(({ message }) => message.includes('more than 100000 keys'))).toBe(true)
  })
})
