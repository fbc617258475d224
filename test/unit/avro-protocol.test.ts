import avsc from 'avsc'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { fc } from '../property-checks.ts'
import { describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import type { Batch } from '../../core/event/batch.ts'
import { SluiceError } from '../../core/errors.ts'
import { decodeIdentity, encodeIdentity } from '../../core/rpc/batch-identity.ts'
import { encodeAppendBatch, readAnswer } from '../../core/rpc/call.ts'
import { readEventArray } from '../../core/rpc/event-array.ts'
import { defaultFrameLimits, type Frame, type FrameLimits, FrameReader } from '../../core/rpc/frame-reader.ts'
import { encodeHandshakeRequest } from '../../core/rpc/handshake.ts'
import { flumeHash, ownHash, protocolText } from '../../core/rpc/protocol.ts'
import { avroPairs, type Put } from './avro-pair.ts'

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')
const flume = flumeHash.toString('hex')
const limits = { maxFrameSize: 1 << 20, maxBuffers: 1000 }

/** The bytes that Flume 1.11's client and server exchange (flume.md §3.1.5). */
const golden = {
  append: hex(`00000001 00000002 0000002b ${flume} 00 ${flume} 0200 00 0c617070656e64
    0000000c 02026b027600 0a68656c6c6f`),
  appended: hex('00000001 00000003 00000004 00000000 00000001 00 00000002 0000'),
  again: hex('00000002 00000002 00000008 000c617070656e64 0000000c 02026b0276000a68656c6c6f'),
  failed: hex('00000002 00000003 00000000 00000001 00 00000002 0002'),
  batch: hex(`00000001 00000002 00000030 ${flume} 00 ${flume} 0200 00 16617070656e644261746368
    0000000e 04 00 0261 02026b027600 046263 00`),
}

const eventType = avsc.Type.forSchema({
  type: 'array',
  items: {
    type: 'record',
    name: 'AvroFlumeEvent',
    fields: [
      { name: 'headers', type: { type: 'map', values: 'string' } },
      { name: 'body', type: 'bytes' },
    ],
  },
})

/** Bytes as text: compared byte by byte, events of a megabyte take seconds, and minutes while a failure shrinks. */
const readable = (list: readonly PlainEvent[]) =>
  list.map(({ headers, body }) => ({ headers, body: body.toString('latin1') }))

interface PlainEvent {
  headers: Record<string, string>
  body: Buffer
}

/** Real words, long ones that need two and three bytes of length, many pairs, and none; never many that are long. */
const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constant('x'.repeat(70)))
const word = fc.string({ unit: 'grapheme', maxLength: 20 })
const headers = fc.oneof(
  fc.dictionary(key, word, { maxKeys: 70, noNullPrototype: true }),
  fc.dictionary(key, fc.oneof(word, fc.constant('y'.repeat(9000))), { maxKeys: 2, noNullPrototype: true }),
)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.integer({ min: 60, max: 70 }).map((size) => new Uint8Array(size)),
  fc.constant(new Uint8Array(8192)),
  fc.constant(new Uint8Array(20_000)),
)
const events = fc.array(fc.record({ headers, body: body.map((bytes) => Buffer.from(bytes)) }), { maxLength: 12 })

const plain = (batch: Batch): PlainEvent[] =>
  [...batch.events()].map(({ headers, body }) => ({ headers: Object.fromEntries(headers), body: Buffer.from(body) }))

function built(list: readonly PlainEvent[]): Batch {
  const builder = new BatchBuilder()
  for (const { headers, body } of list) builder.addEvent(new Map(Object.entries(headers)), body)
  return builder.finish()
}

/** A frame of the given buffers. */
function framed(serial: number, ...buffers: Buffer[]): Buffer {
  const int = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
  return Buffer.concat([int(serial), int(buffers.length), ...buffers.flatMap((one) => [int(one.length), one])])
}

function frames(chunks: readonly Buffer[], most: FrameLimits = limits): Frame[] {
  const found: Frame[] = []
  const reader = new FrameReader(most, (frame) => found.push(frame))
  for (const chunk of chunks) reader.push(chunk)
  expect(reader.midFrame).toBe(false)
  return found
}

describe('frames', () => {
  it('are the same however the stream is cut', () => {
    const stream = Buffer.concat([golden.append, golden.again, framed(3), framed(4, Buffer.alloc(0)), golden.batch])
    const whole = frames([stream]).map(({ serial, bytes }) => [serial, bytes.toString('hex')])
    expect(whole.map(([serial]) => serial)).toEqual([1, 2, 3, 4, 1])
    for (let size = 1; size < stream.length; size++) {
      const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
        stream.subarray(index * size, (index + 1) * size),
      )
      expect(frames(chunks).map(({ serial, bytes }) => [serial, bytes.toString('hex')])).toEqual(whole)
    }
  })

  it('of any size and number of buffers come through', () => {
    const buffers = fc.array(
      fc.uint8Array({ maxLength: 40_000 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(fc.array(buffers, { maxLength: 4 }), fc.integer({ min: 1, max: 70_000 }), (list, size) => {
        const stream = Buffer.concat(list.map((one, index) => framed(index, ...one)))
        const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
          stream.subarray(index * size, (index + 1) * size),
        )
        const joined = list.map((one) => Buffer.concat(one).toString('hex'))
        expect(frames(chunks).map(({ bytes }) => bytes.toString('hex'))).toEqual(joined)
      }),
      { numRuns: 60 },
    )
  })

  it('wait while held', () => {
    const found: number[] = []
    const reader = new FrameReader(limits, ({ serial }) => {
      found.push(serial)
      reader.hold()
    })
    reader.push(Buffer.concat([framed(1, Buffer.from('a')), framed(2, Buffer.from('b'))]))
    reader.push(framed(3, Buffer.from('c')))
    expect(found).toEqual([1])
    reader.resume()
    expect(found).toEqual([1, 2])
    reader.resume()
    expect(found).toEqual([1, 2, 3])
  })

  it.each([
    ['a negative number of buffers', '00000001 ffffffff', /-1 buffers/],
    ['too many buffers', '00000001 7fffffff', /2147483647 buffers/],
    ['a negative length', '00000001 00000001 80000000', /-2147483648 bytes/],
    ['a huge length', '00000001 00000001 7fffffff', /maxFrameSize is 1048576/],
    ['a sum over the limit', `00000001 00000002 00000001 00 00100000`, /maxFrameSize/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n').toString('hex'), /looks like HTTP/],
    ['TLS', '1603010200010001fc0303', /buffer of -|looks like TLS/],
  ])('refuse %s before taking memory', (_, bytes, message) => {
    const reader = new FrameReader(limits, () => {})
    expect(() => reader.push(hex(bytes))).toThrow(message)
  })
})

describe('events on the wire', () => {
  it('are those that avsc writes, in any blocks', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 4 }), fc.boolean(), (lists, sized) => {
        // Blocks of positive count, or of negative count with the size behind it.
        const parts = lists
          .filter((list) => list.length > 0)
          .map((list) => {
            const items = eventType.toBuffer(list).subarray(0, -1)
            const long = avsc.Type.forSchema('long')
            const content = items.subarray(long.toBuffer(list.length).length)
            return sized ? Buffer.concat([long.toBuffer(-list.length), long.toBuffer(content.length), content]) : items
          })
        const bytes = Buffer.concat([Buffer.from('head'), ...parts, Buffer.from([0])])
        const batch = readEventArray(bytes, 4, bytes.length, undefined)
        expect(readable(plain(batch))).toEqual(readable(lists.flat()))
      }),
      { numRuns: 80 },
    )
  })

  it('are refused wherever they are cut off or changed, and never read beyond the end', () => {
    const list = [
      { headers: { host: 'web1', long: 'v'.repeat(100) }, body: Buffer.from('hello') },
      { headers: {}, body: Buffer.alloc(200) },
    ]
    const whole = eventType.toBuffer(list)
    for (let cut = 0; cut < whole.length; cut++) {
      // What follows belongs to somebody else and looks like a good end.
      const bytes = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(300)])
      expect(() => readEventArray(bytes, 0, cut, undefined)).toThrow(SluiceError)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
        try {
          const batch = readEventArray(Buffer.from(random), 0, random.length, undefined)
          expect(plain(batch)).toHaveLength(batch.count)
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('leave in the form that avsc reads', () => {
    const service = avsc.Service.forProtocol(JSON.parse(protocolText))
    expect(service.message('appendBatch')).toBeDefined()
    fc.assert(
      fc.property(fc.array(events, { maxLength: 3 }), (lists) => {
        const pieces = encodeAppendBatch(7, lists.map(built), undefined)
        const [frame] = frames([Buffer.concat(pieces)], defaultFrameLimits)
        expect(frame?.serial).toBe(7)
        const message = frame?.bytes ?? Buffer.alloc(0)
        const head = hex('00 16617070656e644261746368')
        expect(message.subarray(0, head.length)).toEqual(head)
        const read = eventType.fromBuffer(message.subarray(head.length)) as PlainEvent[]
        expect(readable(read)).toEqual(readable(lists.flat()))
      }),
      { numRuns: 40 },
    )
  })
})

describe('a batch identity', () => {
  it('survives the wire for every number of an event', () => {
    const number = fc.maxSafeNat()
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), number, number, (sender, a, b) => {
        const identity = { sender, firstEvent: Math.max(a, b), floor: Math.min(a, b) }
        // Avro's zig-zag doubles the number; its reader is exact up to half of the safe integers.
        fc.pre(identity.firstEvent < 2 ** 52)
        expect(decodeIdentity(encodeIdentity(identity))).toEqual(identity)
      }),
    )
  })

  it('that is malformed is refused', () => {
    const good = { sender: 'a'.repeat(32), firstEvent: 1, floor: 0 }
    for (const bad of [
      { ...good, sender: 'x' },
      { ...good, firstEvent: -1 },
      { ...good, floor: 2 },
    ])
      expect(() => decodeIdentity(encodeIdentity(bad))).toThrow(/malformed/)
  })
})

describe('an Avro source', () => {
  const { source } = avroPairs()

  /** Writes, and returns the next frame that comes back, as it came; less when the source closes. */
  function exchange(socket: Socket, bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      const parts: Buffer[] = []
      const done = () => {
        socket.removeListener('data', take)
        resolve(Buffer.concat(parts))
      }
      const reader = new FrameReader(limits, done)
      const take = (part: Buffer) => {
        parts.push(part)
        reader.push(part)
      }
      socket.on('data', take)
      socket.once('close', done)
      socket.write(bytes)
    })
  }

  async function client(put: Put): Promise<Socket> {
    const { source: receiving } = await source(put)
    const socket = connect(receiving.port, '127.0.0.1')
    socket.on('error', () => {})
    return socket
  }

  it('answers Flume’s own bytes with Flume’s own bytes', async () => {
    const seen: PlainEvent[] = []
    let full = false
    const socket = await client((batch) => {
      seen.push(...plain(batch))
      return full ? Promise.reject(new SluiceError('SLUICE_CHANNEL_FULL', 'no room')) : Promise.resolve()
    })
    expect(await exchange(socket, golden.append)).toEqual(golden.appended)
    full = true
    expect(await exchange(socket, golden.again)).toEqual(golden.failed)
    const hello = { headers: { k: 'v' }, body: Buffer.from('hello') }
    expect(seen).toEqual([hello, hello])
    socket.destroy()
  })

  it('answers appendBatch', async () => {
    const seen: PlainEvent[] = []
    const socket = await client((batch) => {
      seen.push(...plain(batch))
      return Promise.resolve()
    })
    expect(await exchange(socket, golden.batch)).toEqual(golden.appended)
    expect(seen).toEqual([
      { headers: {}, body: Buffer.from('a') },
      { headers: { k: 'v' }, body: Buffer.from('bc') },
    ])
    socket.destroy()
  })

  const call = hex('00 0c617070656e64 02026b027600 0a68656c6c6f')
  const unknown = Buffer.alloc(16, 7)

  it('asks an unknown client for its protocol, and takes events whose fields are in another order', async () => {
    const seen: PlainEvent[] = []
    const socket = await client((batch) => {
      seen.push(...plain(batch))
      return Promise.resolve()
    })
    const bare = { clientHash: unknown, clientProtocol: undefined, serverHash: flumeHash, meta: new Map() }
    const first = await exchange(socket, framed(1, encodeHandshakeRequest(bare), call))
    const [answer] = frames([first])
    expect(readAnswer(answer?.bytes ?? Buffer.alloc(0), true)).toEqual({
      handshake: { match: 'NONE', serverProtocol: protocolText, serverHash: ownHash, meta: undefined },
      result: undefined,
    })
    const swapped = {
      protocol: 'AvroSourceProtocol',
      namespace: 'org.apache.flume.source.avro',
      types: [
        { type: 'enum', name: 'Status', symbols: ['OK', 'FAILED', 'UNKNOWN'] },
        {
          type: 'record',
          name: 'AvroFlumeEvent',
          fields: [
            { name: 'tags', type: { type: 'array', items: ['null', 'string', { type: 'fixed', name: 'F', size: 2 }] } },
            { name: 'body', type: 'bytes' },
            { name: 'headers', type: { type: 'map', values: 'string' } },
          ],
        },
      ],
      messages: {
        appendBatch: {
          request: [{ name: 'events', type: { type: 'array', items: 'AvroFlumeEvent' } }],
          response: 'Status',
        },
      },
    }
    const type = avsc.Service.forProtocol(swapped).message('appendBatch') as { requestType: avsc.Type }
    const sent = [
      { tags: [null, 'x'], body: Buffer.from('one'), headers: { a: 'b' } },
      { tags: [Buffer.from('ab')], body: Buffer.from(''), headers: {} },
    ]
    const text = JSON.stringify(swapped)
    const told = { ...bare, clientHash: createHash('md5').update(text).digest(), clientProtocol: text }
    const batchCall = Buffer.concat([hex('00 16617070656e644261746368'), type.requestType.toBuffer({ events: sent })])
    expect(await exchange(socket, framed(2, encodeHandshakeRequest(told), batchCall))).toEqual(
      hex('00000002 00000003 00000004 00000000 00000001 00 00000002 0000'),
    )
    expect(seen).toEqual(sent.map(({ headers, body }) => ({ headers, body })))
    // Its document has no append: the call is unknown and the connection goes on.
    const lacking = await exchange(socket, framed(3, call))
    expect(lacking.toString('latin1')).toContain('No such remote message: append')
    socket.destroy()
  })

  it('does not believe counts of items without bytes in a foreign schema', async () => {
    const text = protocolText.replace('"fields":[', '"fields":[{"name":"n","type":{"type":"array","items":"null"}},')
    const told = { clientHash: unknown, clientProtocol: text, serverHash: flumeHash, meta: undefined }
    const socket = await client(() => Promise.resolve())
    const many = hex('00 0c617070656e64 feffffffffffff0f 00 00 0261')
    const answer = await exchange(socket, framed(1, encodeHandshakeRequest(told), many))
    expect(answer.subarray(-2)).toEqual(hex('0000'))
    socket.destroy()
  })

  it('tells a client with a wrong server hash which protocol it has', async () => {
    const socket = await client(() => Promise.resolve())
    const request = { clientHash: flumeHash, clientProtocol: undefined, serverHash: unknown, meta: undefined }
    const bytes = await exchange(socket, framed(1, encodeHandshakeRequest(request), call))
    const [frame] = frames([bytes])
    expect(readAnswer(frame?.bytes ?? Buffer.alloc(0), true)).toMatchObject({
      handshake: { match: 'CLIENT', serverHash: ownHash },
      result: { status: 'OK' },
    })
    socket.destroy()
  })

  it('answers a ping with a handshake, unknown messages and unreadable ones with an error, and goes on', async () => {
    const socket = await client(() => Promise.resolve())
    const shake = encodeHandshakeRequest({
      clientHash: flumeHash,
      clientProtocol: undefined,
      serverHash: flumeHash,
      meta: new Map(),
    })
    expect(await exchange(socket, framed(1, shake, hex('0000')))).toEqual(hex('00000001 00000001 00000004 00000000'))
    const nope = await exchange(socket, framed(2, hex('00 086e6f7065')))
    expect(nope.toString('latin1')).toContain('org.apache.avro.AvroRuntimeException: No such remote message: nope')
    const broken = await exchange(socket, framed(3, call.subarray(0, -1)))
    expect(broken.toString('latin1')).toContain('SLUICE_EVENT_FORMAT')
    expect(await exchange(socket, framed(4, call))).toEqual(hex('00000004 00000003 00000000 00000001 00 00000002 0000'))
    expect(await exchange(socket, framed(5, hex('00 16617070656e644261746368 00')))).toEqual(
      hex('00000005 00000003 00000000 00000001 00 00000002 0000'),
    )
    socket.destroy()
  })
})
