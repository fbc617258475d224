/** Flows whose events come in over the network. */
import { fingerprints, readContainers } from '../avro-events.ts'
import { type Flow, portOf } from './flow.ts'
import type { Place } from './place.ts'
import { http, logger, memory, netcat, straight, toFile } from './straight.ts'

/** Java writes a socket's address with the port that the system chose. */
const withoutPorts = (text: string) => text.replaceAll(/(127\.0\.0\.1:)\d+/g, '$1PORT')

export const networkFlows: readonly Flow[] = [
  {
    name: 'netcat → memory → logger',
    parts: straight('nl', netcat('nl'), logger),
    play: async (place) => ({
      answer: await place.talk(
        'nl',
        'nl hello\nnl carriage\r\nnl größe 大きい\nnl 0123456789abcdefghij\nnl \t\u007f~\n',
      ),
      log: await place.logged('nl ', 5),
    }),
  },
  {
    name: 'netcat: empty lines; logger with a header',
    parts: straight(
      'ne',
      {
        ...netcat('ne'),
        interceptors: 'i',
        'interceptors.i.type': 'static',
        'interceptors.i.key': 'flow',
        'interceptors.i.value': 'ne',
      },
      logger,
    ),
    play: async (place) => ({ answer: await place.talk('ne', '\n\r\n\nx\n'), log: await place.logged('flow=ne', 4) }),
  },
  {
    name: 'logger: maxBytesToLog',
    parts: straight('lm', netcat('lm'), { ...logger, maxBytesToLog: 40 }),
    play: async (place) => ({
      answer: await place.talk('lm', `lm ${'0123456789'.repeat(10)}\nlm exactly 32 bytes are two rows\nlm short\n`),
      log: await place.logged('lm ', 3),
    }),
    differs: {
      log: {
        name: 'Bytes that the logger shows',
        flume: [
          'Event: { headers:{} body: 6C 6D 20 30 31 32 33 34 35 36 37 38 39 30 31 32 lm 0123456789012 }',
          'Event: { headers:{} body: 6C 6D 20 65 78 61 63 74 6C 79 20 33 32 20 62 79 lm exactly 32 by }',
          'Event: { headers:{} body: 6C 6D 20 73 68 6F 72 74                         lm short }',
        ],
        sluice: [
          'Event: { headers:{} body: 6C 6D 20 30 31 32 33 34 35 36 37 38 39 30 31 32 lm 0123456789012\n' +
            '00000010 33 34 35 36 37 38 39 30 31 32 33 34 35 36 37 38 3456789012345678\n' +
            '00000020 39 30 31 32 33 34 35 36                         90123456 }',
          'Event: { headers:{} body: 6C 6D 20 65 78 61 63 74 6C 79 20 33 32 20 62 79 lm exactly 32 by\n' +
            '00000010 74 65 73 20 61 72 65 20 74 77 6F 20 72 6F 77 73 tes are two rows }',
          'Event: { headers:{} body: 6C 6D 20 73 68 6F 72 74                         lm short }',
        ],
      },
    },
  },
  {
    name: 'netcat: ack-every-event = false',
    parts: straight('nq', netcat('nq', { 'ack-every-event': false }), toFile('nq')),
    play: async (place) => {
      const answer = await place.talk('nq', 'one\ntwo\n')
      await place.lines('out/nq', 2)
      return { answer }
    },
    left: (place) => ({ file: place.rolled('out/nq') }),
  },
  {
    name: 'netcat: max-line-length',
    parts: straight('nm', netcat('nm', { 'max-line-length': 20 }), toFile('nm')),
    play: async (place) => {
      const fits = await place.talk('nm', `short\n${'x'.repeat(19)}\n${'ü'.repeat(19)}\n`)
      const over = await place.talk('nm', `before\n${'y'.repeat(20)}\nafter\n`)
      await place.lines('out/nm', 4)
      return { fits, over }
    },
    left: (place) => ({ file: place.rolled('out/nm') }),
  },
  {
    name: 'netcat: encoding',
    parts: straight('ni', netcat('ni', { encoding: 'iso-8859-1' }), toFile('ni')),
    play: async (place) => {
      const answer = await place.talk('ni', Buffer.from('größe\n\xff\xfe\x80\n', 'latin1'))
      await place.lines('out/ni', 2)
      return { answer }
    },
    left: (place) => ({ file: place.rolled('out/ni') }),
  },
  {
    name: 'netcat: the end of a connection within a line',
    parts: straight('nu', netcat('nu'), toFile('nu')),
    play: async (place) => {
      const answer = await place.talk('nu', 'whole\nunfinished')
      await place.lines('out/nu', 1)
      return { answer }
    },
    left: (place) => ({ file: place.rolled('out/nu') }),
    differs: {
      answer: { name: 'Unfinished line at the end of a connection', flume: 'OK\n', sluice: 'OK\nOK\n' },
      file: { name: 'Unfinished line at the end of a connection', flume: 'whole\n', sluice: 'whole\nunfinished\n' },
    },
    unsteady: true,
  },
  {
    name: 'netcat: a full channel',
    parts: straight('nf', netcat('nf'), nowhere(), {
      type: 'memory',
      capacity: 2,
      transactionCapacity: 2,
      'keep-alive': 1,
    }),
    play: async (place) => ({ answer: await place.talk('nf', 'one\ntwo\nthree\n', 3000) }),
    differs: {
      answer: {
        name: 'Full channel behind netcat',
        flume:
          "OK\nOK\nFAILED: Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with " +
          'sources, or the buffer size is too tight\n',
        sluice: '',
      },
    },
    unsteady: true,
  },
  {
    name: 'netcatudp: remoteAddress',
    parts: straight(
      'nd',
      { type: 'netcatudp', bind: '127.0.0.1', port: portOf('nd'), remoteAddress: 'from' },
      toFile('nd', 'header_and_text'),
    ),
    play: async (place) => {
      for (const [at, text] of ['one\ntwo\n', 'no newline', '', '\n'].entries()) {
        await place.tell('nd', text)
        await place.lines('out/nd', at + 1)
      }
      return {}
    },
    left: (place) => ({ file: withoutPorts(place.rolled('out/nd')) }),
  },
  {
    name: 'netcatudp without remoteAddress',
    parts: straight(
      'nr',
      { type: 'netcatudp', bind: '127.0.0.1', port: portOf('nr') },
      toFile('nr', 'header_and_text'),
    ),
    play: async (place) => {
      await place.tell('nr', 'text')
      await place.lines('out/nr', 1)
      return {}
    },
    left: (place) => ({ file: withoutPorts(place.rolled('out/nr')) }),
    differs: {
      file: { name: 'Sender of a datagram', flume: '{null=/127.0.0.1:PORT} text\n', sluice: '{} text\n' },
    },
  },
  {
    name: 'http: JSON handler',
    parts: straight('hj', http('hj'), toFile('hj', 'header_and_text')),
    play: async (place) => {
      const good = await statuses(place, 'hj', {
        events: '[{"headers":{"k":"v"},"body":"one"},{"headers":{},"body":"two größe 😀"}]',
        'no headers': '[{"body":"three"}]',
        'no body': '[{"headers":{"k":"no body"}}]',
        'no events': '[]',
        'numbers for texts': '[{"headers":{"n":7,"b":true},"body":8}]',
        'unknown fields': '[{"body":"four","more":{"a":[1]}}]',
      })
      const bad = await statuses(place, 'hj', {
        'not JSON': 'x{',
        'cut off': '[{"body":"lost"',
        'no array': '{"body":"lost"}',
        'an array of text': '["lost"]',
      })
      const nothing = await statuses(place, 'hj', { null: 'null', empty: '', 'null in an array': '[null]' })
      const byMethod = async (method: string) => (await place.request('hj', { method })).status
      const bodiless = { GET: await byMethod('GET'), HEAD: await byMethod('HEAD') }
      const others = {
        PUT: await byMethod('PUT'),
        DELETE: await byMethod('DELETE'),
        OPTIONS: await byMethod('OPTIONS'),
      }
      await place.lines('out/hj', 6)
      return { good, bad, nothing, 'methods without a body': bodiless, 'other methods': others }
    },
    left: (place) => ({ file: place.rolled('out/hj') }),
    differs: {
      nothing: {
        name: 'Status of a request that cannot be used',
        flume: { null: 500, empty: 500, 'null in an array': 500 },
        sluice: { null: 400, empty: 400, 'null in an array': 400 },
      },
      'methods without a body': {
        name: 'Status of a request that cannot be used',
        flume: { GET: 500, HEAD: 500 },
        sluice: { GET: 400, HEAD: 400 },
      },
    },
  },
  {
    name: 'http: charsets of the JSON handler',
    parts: straight('hc', http('hc'), toFile('hc')),
    play: async (place) => {
      const send = async (charset: string, body: Buffer) =>
        (
          await place.request('hc', {
            method: 'POST',
            headers: { 'content-type': `application/json; charset=${charset}` },
            body: new Uint8Array(body),
          })
        ).status
      const text = '[{"body":"größe"}]'
      const answers = {
        'utf-8': await send('utf-8', Buffer.from(text)),
        'latin 1': await send('iso-8859-1', Buffer.from(text, 'latin1')),
        unknown: await send('no-such-charset', Buffer.from(text)),
      }
      await place.lines('out/hc', 1)
      return answers
    },
    left: (place) => ({ file: place.rolled('out/hc') }),
    differs: {
      'latin 1': { name: 'Status of a request that cannot be used', flume: 500, sluice: 415 },
      unknown: { name: 'Status of a request that cannot be used', flume: 500, sluice: 415 },
    },
  },
  {
    name: 'http: BLOB handler',
    parts: straight(
      'hb',
      http('hb', {
        handler: 'org.apache.flume.source.http.BLOBHandler',
        'handler.mandatoryParameters': 'key',
      }),
      toFile('hb', 'avro_event'),
    ),
    play: async (place) => {
      const post = async (path: string, body: string) =>
        (
          await place.request('hb', {
            method: 'POST',
            path,
            headers: { 'content-type': 'application/octet-stream' },
            body,
          })
        ).status
      return {
        good: await post('/any/path?key=v%C3%A4lue&other=1&key=second', 'line\nline\n\0\u0001'),
        empty: await post('/?key=', ''),
        'parameter missing': await post('/?other=1', 'lost'),
      }
    },
    left: async (place) => ({ events: await readContainers(place.path('out/hb')) }),
    differs: { 'parameter missing': { name: 'Status of a request that cannot be used', flume: 500, sluice: 400 } },
  },
  {
    name: 'http: a full channel',
    parts: straight('hf', http('hf'), nowhere(), {
      type: 'memory',
      capacity: 3,
      transactionCapacity: 2,
      'keep-alive': 1,
    }),
    play: async (place) => ({
      'two of three': (await place.post('hf', [one, one])).status,
      'two more': (await place.post('hf', [one, one])).status,
      'one more': (await place.post('hf', [one])).status,
      'too many for a transaction': (await place.post('hf', [one, one, one])).status,
    }),
    unsteady: true,
  },
  {
    name: 'http: more events than one transaction may have',
    parts: straight('hl', http('hl'), { ...toFile('hl'), 'sink.batchSize': 2 }, { ...memory, transactionCapacity: 2 }),
    play: async (place) => ({ status: (await place.post('hl', [one, one, one])).status }),
    differs: { status: { name: 'Batches larger than a transaction', flume: 503, sluice: 200 } },
    unsteady: true,
  },
  {
    name: 'avro → avro',
    parts: {
      sources: {
        ao: { ...http('ao'), channels: 'ao' },
        ai: { type: 'avro', bind: '127.0.0.1', port: portOf('ai'), channels: 'ai' },
      },
      channels: { ao: memory, ai: memory },
      sinks: {
        ao: { type: 'avro', hostname: '127.0.0.1', port: portOf('ai'), channel: 'ao' },
        ai: { ...toFile('ai', 'avro_event'), channel: 'ai' },
      },
    },
    play: async (place) => {
      const answer = await place.post('ao', [
        [{ a: '1', größe: '大きい' }, 'body'],
        [{}, ''],
        [{ '': 'empty key' }, 'x\ny'],
      ])
      await place.until('three events over Avro', async () => (await containers(place, 'out/ai')).length >= 3)
      return { answer: answer.status }
    },
    left: async (place) => ({
      events: await containers(place, 'out/ai'),
      expected: fingerprints([
        {
          headers: new Map([
            ['a', '1'],
            ['größe', '大きい'],
          ]),
          body: Buffer.from('body'),
        },
        { headers: new Map(), body: Buffer.alloc(0) },
        { headers: new Map([['', 'empty key']]), body: Buffer.from('x\ny') },
      ]),
    }),
  },
]

const one = [{}, 'x'] as const

/** A sink whose receiver is not there: its channel keeps what comes. */
function nowhere() {
  return { type: 'avro', hostname: '127.0.0.1', port: 1, 'batch-size': 1 }
}

const containers = (place: Place, folder: string) => readContainers(place.path(folder)).catch(() => [])

async function statuses(place: Place, port: string, bodies: Readonly<Record<string, string>>) {
  const answers: Record<string, number> = {}
  for (const [name, body] of Object.entries(bodies))
    answers[name] = (
      await place.request(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    ).status
  return answers
}
