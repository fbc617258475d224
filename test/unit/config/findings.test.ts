import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc } from '../../property-checks.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig, type LoadOptions } from '../../../core/config/load.ts'
import { sampleRegistry } from './sample-registry.ts'

const load = (text: string, more: Partial<LoadOptions> = {}) =>
  loadConfig({
    files: [{ path: 'flow.properties', text }],
    agent: 'a1',
    registry: sampleRegistry(),
    baseDirectory: '/nowhere',
    ...more,
  })

const shown = ({ findings }: Awaited<ReturnType<typeof load>>) =>
  findings.map(
    ({ line, column, severity, key, message, hint }) => `${line}:${column} ${severity} ${key}: ${message} (${hint})`,
  )

const good = `a1.sources = r1
a1.channels = c1 c2
a1.sinks = k1 k2
a1.sinkgroups = g1
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = 44444
a1.sources.r1.channels = c1 c2
a1.sources.r1.interceptors = i1
a1.sources.r1.interceptors.i1.type = static
a1.sources.r1.selector.type = multiplexing
a1.sources.r1.selector.default = c2
a1.sources.r1.selector.mapping.x = c1
a1.channels.c1.type = memory
a1.channels.c2.type = memory
a1.sinks.k1.type = avro
a1.sinks.k1.channel = c1
a1.sinks.k1.hostname = localhost
a1.sinks.k1.port = 4141
a1.sinks.k2.type = file_roll
a1.sinks.k2.channel = c2
a1.sinks.k2.sink.directory = /tmp
a1.sinkgroups.g1.sinks = k1 k2
a1.sinkgroups.g1.processor.type = failover
a1.sinkgroups.g1.processor.priority.k1 = 10
`

/** What is changed in the good flow, and the finding that must come of it. */
const mistakes: readonly (readonly [what: string, before: string, after: string, finding: string])[] = [
  [
    'an unknown key',
    'k1.port = 4141',
    'k1.port = 4141\na1.sinks.k1.batchsize = 5',
    '20:1 warning a1.sinks.k1.batchsize: batchsize is no key of sink k1: it is not used (did you mean batch-size?)',
  ],
  [
    'an unknown group of keys',
    'i1.type = static',
    'i1.type = static\na1.sinks.k2.sink.serialiser.x = 1',
    '11:1 warning a1.sinks.k2.sink.serialiser.x: sink.serialiser.x is no key of sink k2: it is not used (did you mean sink.serializer.x?)',
  ],
  [
    'a missing key',
    'a1.sinks.k1.port = 4141',
    '',
    '16:20 error a1.sinks.k1.port: port is missing: sink k1 needs it (give a whole number from 0 to 65535)',
  ],
  [
    'an empty value',
    'bind = localhost',
    'bind =',
    '6:21 error a1.sources.r1.bind: has an empty value (give a value or remove the line)',
  ],
  [
    'an empty list',
    'a1.sinkgroups = g1',
    'a1.sinkgroups =',
    '4:16 error a1.sinkgroups: has an empty value (give a value or remove the line)',
  ],
  [
    'a bad number',
    'port = 44444',
    'port = 4e4',
    '7:22 error a1.sources.r1.port: "4e4" cannot be used (give a whole number from 0 to 65535)',
  ],
  [
    'an unknown type',
    'type = netcat',
    'type = netct',
    '5:22 error a1.sources.r1.type: there is no source type netct (did you mean netcat?)',
  ],
  [
    'a Java class',
    'type = netcat',
    'type = com.example.NetcatSource',
    '5:22 error a1.sources.r1.type: there is no source for the Java class com.example.NetcatSource (a Java class cannot run here; did you mean netcat?)',
  ],
  [
    'no type',
    'a1.channels.c2.type = memory',
    'a1.channels.c2.capacity = 5',
    '15:1 error a1.channels.c2.type: channel c2 has no type (known types: memory)',
  ],
  [
    'an unknown channel of a source',
    'channels = c1 c2\na1.sources',
    'channels = c1 c2 c11\na1.sources',
    '8:26 error a1.sources.r1.channels: there is no channel c11 (did you mean c1?)',
  ],
  [
    'an unknown channel of a sink',
    'k1.channel = c1',
    'k1.channel = backlog',
    '17:23 error a1.sinks.k1.channel: there is no channel backlog (known channels: c1, c2)',
  ],
  [
    'a source without channels',
    'a1.sources.r1.channels = c1 c2',
    '',
    '5:22 error a1.sources.r1.channels: source r1 has no channels (known channels: c1, c2)',
  ],
  [
    'a source with a channel',
    'a1.sources.r1.channels =',
    'a1.sources.r1.channel =',
    '8:1 error a1.sources.r1.channels: source r1 has no channels (a source has channels, not channel)',
  ],
  [
    'a sink with several channels',
    'k1.channel = c1',
    'k1.channel = c1 c2',
    '17:23 error a1.sinks.k1.channel: sink k1 has 2 channels: c1, c2 (a sink takes from one channel; make a sink for each)',
  ],
  [
    'a sink with channels',
    'k1.channel =',
    'k1.channels =',
    '17:1 error a1.sinks.k1.channel: sink k1 has no channel (a sink has one channel, not channels)',
  ],
  [
    'a listed component that is not configured',
    'sinks = k1 k2\na1.sinkgroups =',
    'sinks = k1 k2 k3\na1.sinkgroups =',
    '3:12 error a1.sinks: sink k3 is listed but not configured (add a1.sinks.k3.type = …)',
  ],
  [
    'a misspelt name in a list',
    'a1.sources = r1',
    'a1.sources = r11',
    '1:14 error a1.sources: source r11 is listed but not configured (did you mean r1?)',
  ],
  [
    'a configured component that is not listed',
    'a1.channels = c1 c2',
    'a1.channels = c1 c2\na1.sinks.k9.type = avro',
    '3:1 warning a1.sinks.k9.type: sink k9 is configured but not listed: it is not used (add k9 to a1.sinks, or remove its keys)',
  ],
  [
    'a name listed twice',
    'a1.sources = r1',
    'a1.sources = r1 r1',
    '1:14 warning a1.sources: lists r1 twice (list it once)',
  ],
  [
    'a batch beyond the channel',
    'k1.port = 4141',
    'k1.port = 4141\na1.sinks.k1.batch-size = 500',
    '20:26 error a1.sinks.k1.batch-size: batch-size 500 is more than the transactionCapacity 100 of channel c1 (give a batch-size of at most 100, or set a1.channels.c1.transactionCapacity to 500 or more)',
  ],
  [
    'a group without a processor',
    'a1.sinkgroups.g1.processor.type = failover',
    '',
    '25:1 error a1.sinkgroups.g1.processor.type: processor of sink group g1 has no type (known types: default, failover, load_balance)',
  ],
  [
    'a group of an unknown sink',
    'g1.sinks = k1 k2',
    'g1.sinks = k1 k22',
    '23:26 error a1.sinkgroups.g1.sinks: there is no sink k22 (did you mean k2?)',
  ],
  [
    'a sink in two groups',
    'a1.sinkgroups = g1',
    'a1.sinkgroups = g1 g2\na1.sinkgroups.g2.sinks = k1\na1.sinkgroups.g2.processor.type = default',
    '5:26 error a1.sinkgroups.g2.sinks: sink k1 is in sink group g1 already (a sink can be in one group only)',
  ],
  [
    'a default processor with two sinks',
    'processor.type = failover',
    'processor.type = default',
    '23:26 error a1.sinkgroups.g1.sinks: a default processor cannot have 2 sinks (give it one sink, or take failover or load_balance)',
  ],
  [
    'a priority of a sink elsewhere',
    'priority.k1',
    'priority.k7',
    '25:1 warning a1.sinkgroups.g1.processor.priority.k7: sink k7 is not in this group (did you mean k1?)',
  ],
  [
    'a selector of an unknown channel',
    'mapping.x = c1',
    'mapping.x = c9',
    '13:36 error a1.sources.r1.selector.mapping.x: source r1 has no channel c9 (did you mean c1?)',
  ],
  [
    'an unknown interceptor',
    'i1.type = static',
    'i1.type = sttic',
    '10:38 error a1.sources.r1.interceptors.i1.type: there is no interceptor type sttic (did you mean static?)',
  ],
  [
    'an interceptor that is not configured',
    'interceptors = i1',
    'interceptors = i1 i2',
    '9:30 error a1.sources.r1.interceptors: interceptor i2 is listed but not configured (add a1.sources.r1.interceptors.i2.type = …)',
  ],
  [
    'an unknown nested type',
    'sink.directory = /tmp',
    'sink.directory = /tmp\na1.sinks.k2.sink.serializer = txt',
    '23:31 error a1.sinks.k2.sink.serializer: there is no serializer type txt (did you mean text?)',
  ],
  [
    'a bad value of a nested component',
    'sink.directory = /tmp',
    'sink.directory = /tmp\na1.sinks.k2.sink.serializer.appendNewline = yes',
    '23:45 error a1.sinks.k2.sink.serializer.appendNewline: "yes" cannot be used (give true or false)',
  ],
  [
    'a key set twice',
    'bind = localhost',
    'bind = localhost\na1.sources.r1.bind = 0.0.0.0',
    '7:1 warning a1.sources.r1.bind: is set a second time: what line 6 sets is lost (remove one of the two)',
  ],
  [
    'an unknown section',
    'a1.sources = r1',
    'a1.sources = r1\na1.source.r1.bind = x',
    '2:1 warning a1.source.r1.bind: source is no section of an agent (did you mean sources?)',
  ],
  [
    'a component without a key',
    'a1.sources = r1',
    'a1.sources = r1\na1.sources.r1 = netcat',
    "2:1 error a1.sources.r1: has nothing after the source's name (write AGENT.sources.NAME.KEY = VALUE)",
  ],
  [
    'another agent by mistake',
    'a1.sources = r1',
    'a1.sources = r1\na2.source.r1.bind = x',
    '2:1 warning a2.source.r1.bind: is about an agent a2 (did you mean a1?)',
  ],
  [
    'a channel that nobody empties',
    'k1.channel = c1',
    'k1.channel = c2',
    '14:23 warning a1.channels.c1: no sink takes from channel c1: it will fill up (set AGENT.sinks.NAME.channel = c1)',
  ],
]

describe('what is found', () => {
  test('nothing, in a good flow', async () => {
    const result = await load(good)
    expect(shown(result)).toEqual([])
    expect(result.config).toMatchObject({
      agent: 'a1',
      sources: [
        {
          name: 'r1',
          type: 'netcat',
          channels: ['c1', 'c2'],
          settings: { port: 44444, 'ack-every-event': true },
          interceptors: [{ name: 'i1', type: 'static' }],
          selector: { type: 'multiplexing', settings: { default: ['c2'], 'mapping.*': { x: 'c1' } } },
        },
      ],
      sinkGroups: [{ name: 'g1', sinks: ['k1', 'k2'], processor: { type: 'failover' } }],
    })
  })

  test.each(mistakes)('%s', async (_, before, after, finding) => {
    expect(good).toContain(before)
    const result = await load(good.replace(before, after))
    expect(shown(result).join('\n')).toContain(finding)
    expect(result.config === undefined).toBe(result.findings.some(({ severity }) => severity === 'error'))
  })

  test('one mistake is reported once, not by everything that depends on it', async () => {
    const result = await load(good.replace('a1.channels.c1.type = memory', 'a1.channels.c1.type = memry'))
    expect(result.findings.map(({ line }) => line)).toEqual([14])
  })

  test('the agents that there are, when the name is wrong', async () => {
    expect(shown(await load(good.replaceAll('a1.', 'agent1.'), { agent: 'agent' }))).toEqual([
      '0:0 error agent: there is no agent agent in this configuration (it has agent1; did you mean agent1?)',
    ])
    expect(shown(await load('# nothing\n'))).toEqual([
      '0:0 error a1: there is no agent a1 in this configuration (start with a1.sources = …)',
    ])
  })

  test('secrets are in no finding', async () => {
    const secret = 'S3cr3t-Value'
    const text = good.replace('port = 44444', `port = ${secret}\na1.sources.r1.keystore-password = ${secret}`)
    expect(JSON.stringify((await load(text)).findings)).not.toContain(secret)
  })
})

describe('lenient, as Flume', () => {
  test('drops what is broken, says so, and runs the rest', async () => {
    const result = await load(
      good.replace('k1.port = 4141', 'k1.port = x').replace('i1.type = static', 'i1.type = static\na1.bogus = 1'),
      { lenient: true },
    )
    expect(result.findings.every(({ severity }) => severity === 'warning')).toBe(true)
    expect(shown(result).join('\n')).toContain('(give a whole number from 0 to 65535)')
    expect(shown(result).join('\n')).toContain('sink k1 is dropped')
    expect(result.config?.sinks.map(({ name }) => name)).toEqual(['k2'])
    expect(result.config?.sinkGroups).toMatchObject([{ name: 'g1', sinks: ['k2'] }])
  })

  test('keeps a source with the channels that are left, and an agent needs something to run', async () => {
    const one = await load(
      good.replace('c1.type = memory', 'c1.type = bogus').replace('mapping.x = c1', 'mapping.x = c2'),
      { lenient: true },
    )
    expect(one.config?.sources[0]?.channels).toEqual(['c2'])
    const none = await load(good.replaceAll('type = memory', 'type = bogus'), { lenient: true })
    expect(none.config).toBeUndefined()
    expect(none.findings.some(({ severity, message }) => severity === 'error' && message.includes('no channel'))).toBe(
      true,
    )
  })
})

describe('files', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-config-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  const loadFiles = (...paths: string[]) =>
    loadConfig({
      files: paths.map((path) => ({ path })),
      agent: 'a1',
      registry: sampleRegistry(),
      baseDirectory: directory,
    })

  test('of several, the later wins without a word', async () => {
    await writeFile(join(directory, 'one.properties'), good)
    await writeFile(join(directory, 'two.properties'), 'a1.sources.r1.port = 5\n')
    const result = await loadFiles('one.properties', 'two.properties')
    expect(result.findings).toEqual([])
    expect(result.config?.sources[0]?.settings).toMatchObject({ port: 5 })
    await writeFile(join(directory, 'two.properties'), 'a1.sources.r1.port = five\n')
    expect((await loadFiles('one.properties', 'two.properties')).findings).toMatchObject([
      { file: 'two.properties', line: 1 },
    ])
  })

  test('that are missing, folders, binary or old are told apart', async () => {
    await writeFile(join(directory, 'binary.properties'), Buffer.from('a1.x = 1\n\0\u0001'))
    await writeFile(
      join(directory, 'old.properties'),
      Buffer.from(good.replace('localhost', 'bücher.example'), 'latin1'),
    )
    const first = async (path: string) => (await loadFiles(path)).findings[0]
    expect(await first('none.properties')).toMatchObject({
      file: 'none.properties',
      line: 0,
      message: 'does not exist',
    })
    expect(await first('.')).toMatchObject({ message: 'is a folder' })
    expect(await first('binary.properties')).toMatchObject({
      line: 2,
      message: expect.stringContaining('binary') as string,
    })
    const old = await loadFiles('old.properties')
    expect(old.config?.sources[0]?.raw['bind']).toBe('bücher.example')
    expect(
      (await loadConfig({ files: [], agent: 'a1', registry: sampleRegistry(), baseDirectory: '/' })).findings,
    ).toMatchObject([{ message: 'no configuration file was given' }])
  })
})

test('any text gives findings, never an error thrown, and never half an agent', async () => {
  const piece = fc.constantFrom(
    ...[
      'a1',
      '.',
      '=',
      ' ',
      '\n',
      'sources',
      'channels',
      'sinks',
      'sinkgroups',
      'configfilters',
      'r1',
      'c1',
      'k1',
      'type',
    ],
    ...[
      'netcat',
      'memory',
      'logger',
      'channel',
      '${',
      '}',
      ':-',
      '$${',
      'env:X',
      '\\',
      '\\u',
      '#',
      '\0',
      ':',
      '- ',
      '  ',
    ],
    ...[
      'agents:',
      '&a',
      '*a',
      '{',
      '[',
      ']',
      '"',
      "'",
      '__proto__',
      'interceptors',
      'processor',
      './x.js',
      '../',
      'selector',
    ],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 60 }), fc.boolean(), fc.boolean(), async (pieces, yaml, lenient) => {
      const text = `${yaml ? '' : good}${pieces.join('')}`
      const { config, findings } = await load('', { files: [{ path: yaml ? 'f.yaml' : 'f.conf', text }], lenient })
      if (findings.some(({ severity }) => severity === 'error')) expect(config).toBeUndefined()
      else expect(config).toBeDefined()
      for (const { line, column, message } of findings) {
        expect(line).toBeGreaterThanOrEqual(0)
        expect(column).toBeGreaterThanOrEqual(0)
        expect(message).not.toBe('')
      }
    }),
    { numRuns: 500 },
  )
})

test('a default batch gives way to a small channel, for sources and sinks; only a written one is wrong', async () => {
  const { config, findings } = await load(
    good.replace('c1.type = memory', 'c1.type = memory\na1.channels.c1.transactionCapacity = 7'),
  )
  expect(findings).toEqual([])
  expect(config?.sinks.find(({ name }) => name === 'k1')?.settings).toMatchObject({ 'batch-size': 7 })
  const files = good
    .replace('r1.type = netcat', 'r1.type = taildir\na1.sources.r1.filegroups = g\na1.sources.r1.filegroups.g = /x')
    .replace(/a1\.sources\.r1\.(bind|port) = .*\n/g, '')
    .replace('c2.type = memory', 'c2.type = memory\na1.channels.c2.transactionCapacity = 3')
  const small = await load(files)
  expect(small.findings).toEqual([])
  expect(small.config?.sources[0]?.settings).toMatchObject({ batchSize: 3 })
})
