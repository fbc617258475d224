/** Flows about interceptors, selectors, sink groups, channels, serializers and references. */
import { readContainers } from '../avro-events.ts'
import { type Flow, inPlace } from './flow.ts'
import type { Place } from './place.ts'
import { http, memory, netcat, straight, toFile } from './straight.ts'

const withoutTimes = (text: string) => text.replaceAll(/\b1[6-9]\d{11}\b/g, 'TIME')

const nowhere = { type: 'avro', hostname: '127.0.0.1', port: 1, 'batch-size': 1 } as const

/** Several sinks, each with a folder, and several channels, each with a sink. */
const fannedOut = (name: string, channels: readonly string[], serializer = 'text') => ({
  channels: Object.fromEntries(channels.map((channel) => [`${name}${channel}`, memory])),
  sinks: Object.fromEntries(
    channels.map((channel) => [
      `${name}${channel}`,
      { ...toFile(`${name}${channel}`, serializer), channel: `${name}${channel}` },
    ]),
  ),
})

const files = (place: Place, name: string, channels: readonly string[]) =>
  Object.fromEntries(channels.map((channel) => [channel, place.rolled(`out/${name}${channel}`)]))

export const routingFlows: readonly Flow[] = [
  {
    name: 'interceptors: static, host, timestamp, in a chain',
    parts: straight(
      'ic',
      {
        ...netcat('ic'),
        interceptors: 'one two three four',
        'interceptors.one.type': 'static',
        'interceptors.one.key': 'tier',
        'interceptors.one.value': 'edge 1',
        'interceptors.two.type': 'timestamp',
        'interceptors.three.type': 'static',
        'interceptors.three.key': 'tier',
        'interceptors.three.value': 'not set: the first one stays',
        'interceptors.four.type': 'host',
        'interceptors.four.useIP': false,
        'interceptors.four.hostHeader': 'machine',
      },
      toFile('ic', 'avro_event'),
    ),
    play: async (place) => {
      await place.talk('ic', 'text\n')
      await place.until('an event', async () => (await containers(place, 'ic')).length >= 1)
      return {}
    },
    left: async (place) => ({
      events: (await containers(place, 'ic')).map((event) =>
        withoutTimes(event).replace(/\["machine","[^"]+"\]/, '["machine","NAME"]'),
      ),
    }),
    hides: ['Name and address of the machine'],
  },
  {
    name: 'interceptors: preserveExisting',
    parts: straight(
      'ip',
      {
        ...http('ip'),
        interceptors: 'keep replace time late',
        'interceptors.keep.type': 'static',
        'interceptors.keep.key': 'kept',
        'interceptors.keep.value': 'mine',
        'interceptors.replace.type': 'static',
        'interceptors.replace.key': 'replaced',
        'interceptors.replace.value': 'mine',
        'interceptors.replace.preserveExisting': false,
        'interceptors.time.type': 'timestamp',
        'interceptors.time.preserveExisting': true,
        'interceptors.late.type': 'org.apache.flume.interceptor.TimestampInterceptor$Builder',
        'interceptors.late.headerName': 'late',
      },
      toFile('ip', 'avro_event'),
    ),
    play: async (place) => {
      await place.post('ip', [
        [{ kept: 'yours', replaced: 'yours', timestamp: '42', late: '43' }, 'with'],
        [{}, 'without'],
      ])
      await place.until('two events', async () => (await containers(place, 'ip')).length >= 2)
      return {}
    },
    left: async (place) => ({ events: (await containers(place, 'ip')).map(withoutTimes) }),
  },
  {
    name: 'selector: replicating',
    parts: {
      sources: { rp: { ...netcat('rp'), channels: 'rpa rpb' } },
      ...fannedOut('rp', ['a', 'b']),
    },
    play: async (place) => {
      const answer = await place.talk('rp', 'one\ntwo\n')
      await Promise.all(['out/rpa', 'out/rpb'].map((folder) => place.lines(folder, 2)))
      return { answer }
    },
    left: (place) => files(place, 'rp', ['a', 'b']),
  },
  {
    name: 'selector: replicating, an optional channel that is full',
    parts: {
      sources: {
        ro: { ...netcat('ro'), channels: 'roa rob', 'selector.type': 'replicating', 'selector.optional': 'rob' },
      },
      channels: { roa: memory, rob: { ...memory, capacity: 1, transactionCapacity: 1, 'keep-alive': 0 } },
      sinks: { roa: { ...toFile('roa'), channel: 'roa' }, rob: { ...nowhere, channel: 'rob' } },
    },
    play: async (place) => {
      const answer = await place.talk('ro', 'one\ntwo\nthree\nfour\n')
      await place.lines('out/roa', 4)
      return { answer }
    },
    left: (place) => files(place, 'ro', ['a']),
  },
  {
    name: 'selector: multiplexing with mapping, optional and default',
    parts: {
      sources: {
        mx: {
          ...http('mx'),
          channels: 'mxa mxb mxc',
          'selector.type': 'multiplexing',
          'selector.header': 'to',
          'selector.mapping.A': 'mxa',
          'selector.mapping.B': 'mxa mxb',
          'selector.optional.A': 'mxc',
          'selector.default': 'mxc',
        },
      },
      ...fannedOut('mx', ['a', 'b', 'c']),
    },
    play: async (place) => {
      await place.post('mx', [
        [{ to: 'A' }, 'to A'],
        [{ to: 'B' }, 'to B'],
        [{ to: 'a' }, 'another case'],
        [{ to: '' }, 'empty'],
        [{}, 'none'],
      ])
      await Promise.all([place.lines('out/mxa', 2), place.lines('out/mxb', 1), place.lines('out/mxc', 4)])
      return {}
    },
    left: (place) => files(place, 'mx', ['a', 'b', 'c']),
    differs: {
      c: {
        name: 'Order of required and optional events',
        flume: 'another case\nempty\nnone\nto A\n',
        sluice: 'to A\nanother case\nempty\nnone\n',
      },
    },
  },
  {
    name: 'selector: multiplexing without a default',
    parts: {
      sources: {
        md: {
          ...http('md'),
          channels: 'mda',
          'selector.type': 'multiplexing',
          'selector.header': 'to',
          'selector.mapping.A': 'mda',
        },
      },
      ...fannedOut('md', ['a']),
    },
    play: async (place) => {
      const nowhereToGo = await place.post('md', [[{ to: 'B' }, 'nowhere']])
      const answer = await place.post('md', [[{ to: 'A' }, 'to A']])
      await place.lines('out/mda', 1)
      return { answer: answer.status, nowhere: nowhereToGo.status }
    },
    left: (place) => files(place, 'md', ['a']),
  },
  {
    name: 'sink group: failover',
    parts: {
      sources: { fo: { ...netcat('fo'), channels: 'fo' } },
      channels: { fo: memory },
      sinks: { foa: { ...nowhere, channel: 'fo' }, fob: { ...toFile('fob'), channel: 'fo' } },
      sinkgroups: {
        fo: {
          sinks: 'foa fob',
          'processor.type': 'failover',
          'processor.priority.foa': 10,
          'processor.priority.fob': 5,
          'processor.maxpenalty': 1000,
        },
      },
    },
    play: async (place) => {
      await place.talk('fo', 'one\ntwo\nthree\n')
      await place.lines('out/fob', 3)
      return {}
    },
    left: (place) => files(place, 'fo', ['b']),
    unsteady: true,
  },
  {
    name: 'sink group: load_balance',
    parts: {
      sources: { lb: { type: 'seq', totalEvents: 40, channels: 'lb' } },
      channels: { lb: memory },
      sinks: {
        lba: { ...toFile('lba'), 'sink.batchSize': 1, channel: 'lb' },
        lbb: { ...toFile('lbb'), 'sink.batchSize': 1, channel: 'lb' },
      },
      sinkgroups: { lb: { sinks: 'lba lbb', 'processor.type': 'load_balance', 'processor.selector': 'round_robin' } },
    },
    play: async (place) => {
      await place.until('40 lines', () => balanced(place).length === 40)
      return {}
    },
    left: (place) => ({
      all: balanced(place).sort(),
      'both took part': ['out/lba', 'out/lbb'].every((folder) => place.rolled(folder) !== ''),
    }),
    unsteady: true,
  },
  {
    name: 'sink group: load_balance with backoff, one sink without a receiver',
    parts: {
      sources: { lw: { type: 'seq', totalEvents: 20, channels: 'lw' } },
      channels: { lw: memory },
      sinks: { lwa: { ...nowhere, channel: 'lw' }, lwb: { ...toFile('lwb'), channel: 'lw' } },
      sinkgroups: {
        lw: {
          sinks: 'lwa lwb',
          'processor.type': 'load_balance',
          'processor.backoff': true,
          'processor.selector': 'random',
        },
      },
    },
    play: async (place) => {
      await place.lines('out/lwb', 20)
      return {}
    },
    left: (place) => files(place, 'lw', ['b']),
    unsteady: true,
  },
  {
    name: 'file channel',
    parts: straight('fc', netcat('fc'), toFile('fc'), {
      type: 'file',
      checkpointDir: inPlace('fc', 'checkpoint'),
      dataDirs: inPlace('fc', 'data'),
    }),
    play: async (place) => {
      const answer = await place.talk('fc', 'one\ntwo\n')
      await place.lines('out/fc', 2)
      return { answer }
    },
    left: (place) => ({ file: place.rolled('out/fc') }),
  },
  {
    name: 'file_roll: appendNewline = false',
    parts: straight('fa', netcat('fa'), toFile('fa', 'TEXT', { 'sink.serializer.appendNewline': false })),
    play: async (place) => {
      await place.talk('fa', 'one\ntwo\n')
      await place.until('text', () => place.rolled('out/fa') === 'onetwo')
      return {}
    },
    left: (place) => ({ file: place.rolled('out/fa') }),
  },
  {
    name: 'file_roll: header_and_text with several headers',
    parts: straight('fh', http('fh'), toFile('fh', 'header_and_text')),
    play: async (place) => {
      await place.post('fh', [[{ zulu: '1', alpha: '2', mike: '3', größe: '4' }, 'body']])
      await place.lines('out/fh', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/fh') }),
    differs: {
      file: {
        name: 'Order of headers in text',
        flume: '{größe=4, zulu=1, mike=3, alpha=2} body\n',
        sluice: '{zulu=1, alpha=2, mike=3, größe=4} body\n',
      },
    },
  },
  {
    name: 'file_roll: avro_event with deflate',
    parts: straight('fd', http('fd'), toFile('fd', 'avro_event', { 'sink.serializer.compressionCodec': 'deflate' })),
    play: async (place) => {
      await place.post('fd', [
        [{ a: '1' }, 'body'],
        [{}, ''],
      ])
      await place.until('two events', async () => (await containers(place, 'fd')).length >= 2)
      return {}
    },
    left: async (place) => ({ events: await containers(place, 'fd') }),
  },
  {
    name: 'file_roll: rollInterval, prefix and extension',
    parts: straight('fr', netcat('fr'), {
      ...toFile('fr'),
      'sink.rollInterval': 1,
      'sink.pathManager.prefix': 'log-',
      'sink.pathManager.extension': 'txt',
    }),
    play: async (place) => {
      await place.talk('fr', 'one\n')
      await place.lines('out/fr', 1)
      await new Promise((resolve) => setTimeout(resolve, 2500))
      await place.talk('fr', 'two\n')
      await place.lines('out/fr', 2)
      return {}
    },
    left: (place) => {
      const names = place.names('out/fr')
      return {
        file: place.rolled('out/fr'),
        forms: [...new Set(names.map((name) => name.replaceAll(/\d+/g, 'N')))],
        'files without a line': names.length > 2,
      }
    },
    differs: { 'files without a line': { name: 'Files without events', flume: true, sluice: false } },
    unsteady: true,
  },
  {
    name: 'characters beyond ASCII in the file itself',
    parts: straight(
      'ch',
      {
        ...netcat('ch'),
        interceptors: 'i',
        'interceptors.i.type': 'static',
        'interceptors.i.key': 'größe',
        'interceptors.i.value': '大',
      },
      toFile('ch', 'header_and_text'),
    ),
    play: async (place) => {
      await place.talk('ch', 'text\n')
      await place.lines('out/ch', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/ch') }),
    differs: {
      file: {
        name: 'Encoding of configuration files',
        flume: `{${Buffer.from('größe').toString('latin1')}=${Buffer.from('大').toString('latin1')}} text\n`,
        sluice: '{größe=大} text\n',
      },
    },
  },
  {
    name: 'null',
    parts: straight('nn', netcat('nn'), { type: 'null' }),
    play: async (place) => ({ answer: await place.talk('nn', 'one\ntwo\n') }),
  },
  {
    name: 'references: env, default, another key; unknown keys and types in any case',
    parts: straight(
      'rf',
      {
        ...netcat('rf'),
        type: 'NetCat',
        'no.such.key': 'x',
        interceptors: 'i',
        'interceptors.i.type': 'org.apache.flume.interceptor.StaticInterceptor$Builder',
        'interceptors.i.key': '${env:NO_SUCH_VARIABLE:-fallback}',
        'interceptors.i.value': `port \${env:PORT_rf} of \${a.sources.rf.bind}`,
      },
      toFile('rf', 'org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder'),
    ),
    play: async (place) => {
      await place.talk('rf', 'text\n')
      await place.lines('out/rf', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/rf').replace(String(place.port('rf')), 'PORT') }),
    differs: {
      file: {
        name: 'References to other keys',
        flume: '{fallback=port PORT of ${a.sources.rf.bind}} text\n',
        sluice: '{fallback=port PORT of 127.0.0.1} text\n',
      },
    },
  },
]

const containers = (place: Place, name: string) => readContainers(place.path('out', name)).catch(() => [])

const balanced = (place: Place) =>
  ['out/lba', 'out/lbb'].flatMap((folder) => place.rolled(folder).split('\n')).filter((text) => text !== '')
