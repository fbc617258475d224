/** AVRO and BLOB files in a spooling folder: what becomes of them, over kills, damage and changes of the configuration. */
import avsc from 'avsc'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Source } from '../../core/source/source.ts'
import { spooldirSource } from '../../core/source/spooldir/definition.ts'
import { avroBytes as bytesOf, avroContainer as container } from '../avro-container.ts'
import { fc } from '../property-checks.ts'
import { RecordingChannels, sourceContext } from '../recording-channels.ts'

let root: string
let spool: string
let channels: RecordingChannels
let reports: string[]
let source: Source | undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-deserializers-'))
  spool = join(root, 'spool')
  await mkdir(spool)
  channels = new RecordingChannels()
})

afterEach(async () => {
  channels.unblock()
  await source?.stop()
  source = undefined
  await rm(root, { recursive: true, force: true })
})

async function start(settings: Record<string, unknown>): Promise<void> {
  const made = sourceContext(channels.connect(), root)
  reports = made.reports
  source = spooldirSource.create(
    spooldirSource.settings.parse({ spoolDir: spool, pollDelay: '10', ...settings }),
    made.context,
  )
  await source.start()
}

async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8000
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come; ${JSON.stringify(notes())}`)
    await sleep(5)
  }
}

const isDone = (name: string) => async () => (await readdir(spool)).includes(`${name}.COMPLETED`)
const notes = () => (source?.inspect?.().files ?? []).map(({ path, note }) => `${path}: ${note}`)

async function put(name: string, content: Buffer | string): Promise<void> {
  await writeFile(join(root, name), content)
  await rename(join(root, name), join(spool, name))
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => bytesOf(`line ${from + index}`))
const texts = (from: number, to: number) => lines(from, to).map(String)

describe('AVRO', () => {
  const schema = {
    type: 'record',
    name: 'Measure',
    namespace: 'org.example',
    fields: [
      { name: 'at', type: 'long' },
      { name: 'name', type: ['null', 'string'] },
      { name: 'values', type: { type: 'array', items: 'double' } },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['ONE', 'TWO'] } },
      { name: 'tags', type: { type: 'map', values: 'bytes' } },
      { name: 'inner', type: ['null', 'Measure'] },
    ],
  } as const
  const type = avsc.Type.forSchema(schema as unknown as avsc.Schema, { wrapUnions: false })

  const measure = fc.letrec<{ measure: unknown }>((tie) => ({
    measure: fc.record({
      at: fc.integer(),
      name: fc.option(fc.string()),
      values: fc.array(fc.double(), { maxLength: 3 }),
      kind: fc.constantFrom('ONE', 'TWO'),
      tags: fc.dictionary(
        fc.string(),
        fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
        { maxKeys: 2 },
      ),
      inner: fc.option(tie('measure'), { depthSize: 'small' }),
    }),
  })).measure

  test.each(['null', 'deflate', 'snappy', 'zstandard'])(
    '%s: every datum is an event, its body as avsc encodes it',
    async (codec) => {
      const blocks = fc.sample(fc.array(measure, { maxLength: 40 }), { numRuns: 12, seed: 7 })
      const encoded = blocks.map((block) => block.map((one) => type.toBuffer(one)))
      await put('a.avro', container(schema, encoded, codec))
      await start({ deserializer: 'avro', basenameHeader: 'true', batchSize: '17' })
      await until('the end', isDone('a.avro'))
      expect(channels.bodies).toEqual(encoded.flat().map(String))
      const [first] = channels.events
      expect([...(first?.headers ?? [])]).toEqual([
        ['flume.avro.schema.hash', expect.stringMatching(/^[0-9a-f]{16}$/)],
        ['basename', 'a.avro'],
      ])
    },
  )

  test('reads what avsc writes, and 64-bit numbers; LITERAL is the schema as it stands', async () => {
    const encoder = new avsc.streams.BlockEncoder(
      { type: 'record', name: 'R', fields: [{ name: 'n', type: 'string' }] },
      { codec: 'deflate', blockSize: 4096 },
    )
    const chunks: Buffer[] = []
    encoder.on('data', (chunk: Buffer) => chunks.push(chunk))
    const written = once(encoder, 'end')
    for (let index = 0; index < 5000; index++) encoder.write({ n: `name ${index}` })
    encoder.end()
    await written
    await put('a.avro', Buffer.concat(chunks))
    await put('b.avro', container('long', [[Buffer.from('ffffffffffffffffff01', 'hex'), Buffer.from('02', 'hex')]]))
    await start({
      deserializer: 'org.apache.flume.serialization.AvroEventDeserializer$Builder',
      'deserializer.*': { schemaType: 'literal' },
      consumeOrder: 'oldest',
    })
    await until('the end', async () => (await isDone('a.avro')()) && (await isDone('b.avro')()))
    const [before, behind] = [channels.events.slice(0, 5000), channels.events.slice(5000)]
    expect(before.map(({ body }) => body.slice(1))).toEqual(Array.from({ length: 5000 }, (_, index) => `name ${index}`))
    expect(JSON.parse(before[0]?.headers.get('flume.avro.schema.literal') ?? '')).toMatchObject({ name: 'R' })
    expect(behind.map(({ headers }) => headers.get('flume.avro.schema.literal'))).toEqual(['"long"', '"long"'])
  })

  test.each(['null', 'deflate'])('%s: killed again and again, it doubles and loses nothing', async (codec) => {
    const blocks = [lines(0, 700), [], lines(700, 701), lines(701, 30_000), lines(30_000, 40_000)]
    await put('a.avro', container('string', blocks, codec))
    for (let kills = 1; kills <= 12; kills++) {
      await start({ deserializer: 'AVRO', batchSize: '70' })
      await until('some', () => channels.events.length >= kills * 250)
      channels.cutOff()
      await source?.stop()
    }
    expect(channels.events.length).toBeLessThan(40_000)
    await start({ deserializer: 'AVRO', batchSize: '50' })
    await until('the end', isDone('a.avro'))
    expect(channels.bodies).toEqual(texts(0, 40_000))
    expect(channels.stored.size).toBe(0)
  })

  test('a channel that refuses batches and fails puts gets each event once', async () => {
    await put('a.avro', container('string', [lines(0, 500), lines(500, 900)], 'deflate'))
    channels.mostEvents = 60
    channels.failures = 2
    await start({ deserializer: 'AVRO', batchSize: '200' })
    await until('the end', isDone('a.avro'))
    expect(channels.bodies).toEqual(texts(0, 900))
  })

  const whole = container('string', [lines(0, 300), lines(300, 600)], 'deflate')
  const flipped = Buffer.from(whole)
  flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 0xff
  const otherMark = Buffer.from(whole)
  otherMark[whole.length - 1] = 0

  test.each([
    ['is cut off', whole.subarray(0, -20), 300, 'is damaged: the file ends in it'],
    ['has a wrong byte in its data', flipped, 300, 'is damaged'],
    ['has a wrong sync mark', otherMark, 300, 'the mark at its end is not there'],
    ['says a wrong count', container('string', [lines(0, 300), [Buffer.from([2, 97, 2, 98])]]), 300, '1 datums end at'],
    ['is empty', Buffer.alloc(0), 0, 'it is empty, and no Avro container file'],
    ['is text', Buffer.from('hello\n'), 0, 'it is no Avro container file'],
    ['ends in its header', whole.subarray(0, 30), 0, 'the header of the Avro file is damaged'],
    [
      'is of an unknown codec',
      container('string', [], 'null').toString('latin1').replace('\bnull', '\bxz-7'),
      0,
      'xz-7',
    ],
    ['has no schema', container('nothing', []), 0, 'refers to nothing, which it does not define'],
    [
      'has a block over the limit',
      container('string', [lines(0, 300), [bytesOf('x'.repeat(5000))]]),
      300,
      'maxBlockLength',
    ],
    [
      'has a block that grows over the limit',
      container('string', [lines(0, 300), [bytesOf('x'.repeat(5000))]], 'deflate'),
      300,
      'deflate cannot read it',
    ],
  ])(
    'a file that %s is left with a note; what came before is in the channel, others go on',
    async (_, file, events, note) => {
      await put('a.avro', typeof file === 'string' ? Buffer.from(file, 'latin1') : file)
      await start({ deserializer: 'AVRO', 'deserializer.*': { maxBlockLength: '4096' } })
      await until('the note', () => notes().some((one) => one.includes('a.avro') && one.includes(note)))
      await put('b.avro', container('string', [lines(600, 610)]))
      await until('the other file', isDone('b.avro'))
      expect(channels.bodies).toEqual([...texts(0, events), ...texts(600, 610)])
      expect(await readdir(spool)).toContain('a.avro')
      expect(reports.filter((one) => one.includes('a.avro'))).toHaveLength(1)
    },
  )

  test('a damaged file goes on where it was when it is mended', async () => {
    await put('a.avro', flipped)
    await start({ deserializer: 'AVRO' })
    await until('the note', () => notes().some((one) => one.includes('damaged')))
    await source?.stop()
    await writeFile(join(spool, 'a.avro'), whole)
    await start({ deserializer: 'AVRO' })
    await until('the end', isDone('a.avro'))
    expect(channels.bodies).toEqual(texts(0, 600))
  })

  test('a file without a datum makes no event', async () => {
    await put('a.avro', container('string', [[]]))
    await start({ deserializer: 'AVRO' })
    await until('the end', isDone('a.avro'))
    expect(channels.events).toEqual([])
  })

  test('a file that another deserializer began waits for that one', async () => {
    await put('a.avro', container('string', [lines(0, 20_000), lines(20_000, 30_000)]))
    await start({ deserializer: 'AVRO', batchSize: '10' })
    await until('some', () => channels.events.length >= 500)
    channels.cutOff()
    await source?.stop()
    await start({})
    await until('the note', () => notes().some((one) => one.includes('begun with another deserializer')))
    await source?.stop()
    await start({ deserializer: 'AVRO' })
    await until('the end', isDone('a.avro'))
    expect(channels.bodies).toEqual(texts(0, 30_000))
  })
})

describe('BLOB', () => {
  const blob = 'org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder'

  test('a whole file is an event, a longer one several, an empty one too', async () => {
    await put('a', 'one\ntwo\n\0')
    await start({ deserializer: blob, 'deserializer.*': { maxBlobLength: '10' }, basenameHeader: 'true' })
    await until('a', isDone('a'))
    await put('b', '0123456789')
    await until('b', isDone('b'))
    await put('c', '0123456789abcdefghijklm')
    await until('c', isDone('c'))
    await put('d', '')
    await until('d', isDone('d'))
    expect(channels.events.map(({ body, headers }) => [headers.get('basename'), body])).toEqual([
      ['a', 'one\ntwo\n\0'],
      ['b', '0123456789'],
      ['c', '0123456789'],
      ['c', 'abcdefghij'],
      ['c', 'klm'],
      ['d', ''],
    ])
  })

  test('files of many megabytes come through', async () => {
    const content = Buffer.alloc(9_000_001, 'größe ')
    await put('a', content)
    await start({ deserializer: 'BLOB', 'deserializer.*': { maxBlobLength: '5000000' } })
    await until('the end', isDone('a'))
    expect(channels.bodies.map((body) => Buffer.byteLength(body))).toEqual([5_000_000, 4_000_001])
    expect(channels.bodies.join('')).toBe(content.toString())
  })

  test('killed again and again, it doubles and loses nothing', async () => {
    const parts = Array.from({ length: 30_000 }, (_, index) => String(index).padStart(8, '0'))
    await put('a', parts.join(''))
    for (let kills = 1; kills <= 10; kills++) {
      await start({ deserializer: 'BLOB', 'deserializer.*': { maxBlobLength: '8' }, batchSize: '20' })
      await until('some', () => channels.events.length >= kills * 200)
      channels.cutOff()
      await source?.stop()
    }
    expect(channels.events.length).toBeLessThan(30_000)
    await start({ deserializer: 'BLOB', 'deserializer.*': { maxBlobLength: '8' } })
    await until('the end', isDone('a'))
    expect(channels.bodies).toEqual(parts)
  })
})

test.each([
  [{ deserializer: 'JSON' }, 'deserializer', 'give one of: LINE, AVRO, BLOB'],
  [{ deserializer: 'AVRO', 'deserializer.*': { schemaType: 'BOTH' } }, 'deserializer.*', 'give one of: HASH, LITERAL'],
  [{ deserializer: 'BLOB', 'deserializer.*': { maxBlobLength: '0' } }, 'deserializer.*', 'give a whole number from 1'],
])('settings %j are refused', (settings, key, message) => {
  const { error } = spooldirSource.settings.safeParse({ spoolDir: 'x', ...settings })
  expect(error?.issues[0]?.path[0]).toBe(key)
  expect(error?.issues[0]?.message).toContain(message)
})
