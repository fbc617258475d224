import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { silentLog } from '../../core/log.ts'
import { encodeAnswer, encodeHandshakeOnly, encodeStatus } from '../../core/rpc/call.ts'
import { encodeHandshakeResponse } from '../../core/rpc/handshake.ts'
import { ownHash, protocolText } from '../../core/rpc/protocol.ts'
import { avroSinkSettings } from '../../core/sink/avro/avro-settings.ts'
import { component, eventually, flow, testRegistry } from '../agent/flow.ts'
import { avroPairs, bodies } from '../unit/avro-pair.ts'
import { type Behaviour, ChangingUpstream, honest } from './changing-upstream.ts'
import { memoryUse } from './memory-use.ts'

const { source: honestSource } = avroPairs()
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const none = Buffer.alloc(0)
const both = encodeHandshakeResponse({
  ...{ match: 'BOTH', serverProtocol: undefined, serverHash: undefined, meta: undefined },
})

/** Answers each call that comes with what `answer` makes of its serial; the first with a handshake before it. */
function answering(answer: (serial: number, handshake: Buffer) => Buffer): Behaviour {
  return (client, _relay, fired) => {
    let handshake = both
    client.on('data', (chunk: Buffer) => {
      // A call of this test fits into a chunk; what does not is of no matter to one who lies.
      const serial = chunk.length >= 4 ? chunk.readInt32BE(0) : 0
      client.write(answer(serial, handshake))
      handshake = none
      fired()
    })
  }
}

/** Passes calls on and answers back, the answers as `change` wants them. */
function changingAnswers(change: (answer: Buffer) => Buffer): Behaviour {
  return (client, relay, fired) => {
    const server = relay()
    client.pipe(server)
    let first = true
    server.on('data', (answer: Buffer) => {
      // The handshake comes through: the lie is in what follows.
      client.write(first ? answer : change(Buffer.from(answer)))
      if (!first) fired()
      first = false
    })
  }
}

const int = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, at) => bytes.writeInt32BE(value, 4 * at))
  return bytes
}

const behaviours: Readonly<Record<string, Behaviour>> = {
  'takes everything and answers nothing': (client, _relay, fired) => client.on('data', fired),
  'accepts and never reads': (client, _relay, fired) => {
    client.pause()
    fired()
  },
  'takes and answers one byte a second': (client, relay, fired) => {
    const server = relay()
    client.pipe(server)
    const waiting: number[] = []
    server.on('data', (answer: Buffer) => waiting.push(...answer))
    const timer = setInterval(() => {
      const byte = waiting.shift()
      if (byte !== undefined && client.write(Buffer.of(byte))) fired()
    }, 1000)
    client.once('close', () => clearInterval(timer))
  },
  'answers garbage': answering(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'announces an answer of 2 GB': answering((serial) => int(serial, 1, 0x7fffffff, 0)),
  'announces two thousand million buffers': answering((serial) => int(serial, 0x7fffffff)),
  'sends an answer without an end': (client, _relay, fired) => {
    const zeros = Buffer.alloc(64 * 1024)
    client.once('data', (chunk: Buffer) => {
      client.write(int(chunk.readInt32BE(0), 1000, 1 << 19))
      const push = () => {
        while (!client.destroyed && client.write(zeros));
        fired()
      }
      client.on('drain', push)
      push()
    })
  },
  'answers other calls than were made': changingAnswers((answer) => {
    answer.writeInt32BE(answer.readInt32BE(0) + 1000, 0)
    return answer
  }),
  'says OK for nothing, over and over': (client, _relay, fired) => {
    client.once('data', () => {
      for (let serial = 1; serial < 50; serial++)
        client.write(encodeAnswer(serial, serial === 1 ? both : none, encodeStatus('OK')))
      fired()
    })
  },
  'answers FAILED for ever': answering((serial, handshake) => encodeAnswer(serial, handshake, encodeStatus('FAILED'))),
  'answers with a status that there is none': answering((serial, handshake) =>
    encodeAnswer(serial, handshake, Buffer.from([0, 0x7e])),
  ),
  'does not accept any protocol': answering((serial) =>
    encodeHandshakeOnly(
      serial,
      encodeHandshakeResponse({ match: 'NONE', serverProtocol: protocolText, serverHash: ownHash, meta: undefined }),
    ),
  ),
  'closes in the middle of an answer': changingAnswers((answer) => answer.subarray(0, answer.length / 2)),
  'half-closes and stays': (client, _relay, fired) => {
    client.resume()
    client.once('data', () => {
      client.end()
      fired()
    })
  },
  'resets every connection': (client, _relay, fired) => {
    client.once('data', () => {
      client.resetAndDestroy()
      fired()
    })
  },
}

const some = 300
const expected = Array.from({ length: some }, (_, number) => `event ${number}`)

test.each(Object.keys(behaviours))(
  'an upstream that %s: nothing is lost or acknowledged, and all passes when it is well again',
  async (what) => {
    const arrived: string[] = []
    const { source: receiver } = await honestSource((batch) => {
      arrived.push(...bodies(batch))
      return Promise.resolve()
    })
    const upstream = new ChangingUpstream(receiver.port, behaviours[what]!)
    const port = await upstream.listen()
    endings.push(() => upstream.close())
    const directory = mkdtempSync(join(tmpdir(), 'sluice-upstream-'))
    endings.push(() => {
      rmSync(directory, { recursive: true, force: true })
    })
    const { registry, source } = testRegistry()
    const settings = avroSinkSettings.parse({
      ...{ hostname: '127.0.0.1', port: String(port), 'batch-size': '50' },
      ...{ 'connect-timeout': '1000', 'request-timeout': '1000' },
    })
    const config = flow({ sinks: [{ ...component('k1', 'avro', settings), channel: 'c1' }] })
    const agent = new Agent({ config, registry, log: silentLog, dataDirectory: directory, baseDirectory: directory })
    await agent.start()
    endings.push(() => agent.stop())
    const before = await memoryUse()
    for (let first = 0; first < some; first += 100) await source('r1').push(...expected.slice(first, first + 100))

    await eventually('the fault fires', () => upstream.fired > 0, 10_000)
    await eventually('the trouble shows', () => agent.status().sinks[0]?.state === 'waiting: upstream', 10_000)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(agent.ledger('c1')).toMatchObject({ received: some, delivered: 0, queued: some, lost: 0 })
    expect((await memoryUse()).held - before.held).toBeLessThan(16 << 20)
    if (/resets|half-closes|in the middle/.test(what))
      expect(upstream.fired, 'connections that were tried meanwhile').toBeLessThan(25)

    upstream.behaviour = honest
    await source('r1').push('fresh')
    await eventually('what is fresh arrives', () => arrived.includes('fresh'), 10_000)
    // What was sent on but not acknowledged may come twice; each for the first time in order, and nothing else.
    expect([...new Set(arrived)]).toEqual([...expected, 'fresh'])
    await eventually('the books balance', () => agent.ledger('c1')?.queued === 0)
    expect(agent.ledger('c1')).toMatchObject({ received: some + 1, delivered: some + 1, lost: 0 })
  },
)
