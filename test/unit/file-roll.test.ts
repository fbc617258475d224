import avsc from 'avsc'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { silentLog } from '../../core/log.ts'
import { SinkCounters } from '../../core/metrics/counters.ts'
import { fileRollSink } from '../../core/sink/file-roll/file-roll.ts'
import { PathEscapes } from '../../core/sink/path-escapes.ts'

const sender = '00112233445566778899aabbccddeeff'
let directory: string
let out: string
let now: number

beforeEach(() => {
  now = 1_700_000_000_000
  directory = mkdtempSync(join(tmpdir(), 'sluice-file-roll-'))
  out = join(directory, 'out')
  mkdirSync(out)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function makeSink(settings: Record<string, string> = {}) {
  return fileRollSink.create(
    fileRollSink.settings.parse({ 'sink.directory': out, 'sink.serializer.*': {}, ...settings }),
    {
      name: 'k',
      agent: 'a',
      log: silentLog,
      clock: { ...systemClock, now: () => now },
      dataDirectory: directory,
      baseDirectory: directory,
      counters: new SinkCounters(),
      reportState() {},
      reportEvent() {},
      reportFailure() {},
    },
  )
}

/** What a channel would lend: one event a body, numbered from `first`. */
function leaseOf(first: number, bodies: readonly string[], headers: Record<string, string> = {}): Lease {
  const builder = new BatchBuilder()
  builder.shareHeaders(new Map(Object.entries(headers)))
  for (const body of bodies) builder.addBody(Buffer.from(body))
  const batch = builder.finish()
  return {
    batches: [batch],
    count: batch.count,
    bytes: batch.bytes.length,
    identity: { sender, firstEvent: first, floor: 0 },
    ack: () => Promise.resolve(),
    release() {},
    quarantine: () => Promise.resolve(),
  }
}

const live = new AbortController().signal
const contents = (folder = out) =>
  readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))

describe('a file_roll sink', () => {
  it('writes bodies as lines, begins a new file after rollInterval, and none while there is nothing to write', async () => {
    const sink = makeSink()
    await sink.start()
    expect(readdirSync(out)).toEqual([])
    await sink.deliver(leaseOf(0, ['a', '', 'c']), live)
    now += 30_000
    await sink.idle?.()
    await sink.idle?.()
    await sink.deliver(leaseOf(3, ['d']), live)
    await sink.stop()
    expect(contents()).toEqual(['a\n\nc\n', 'd\n'])
    expect(readdirSync(out).sort()).toEqual(['1700000000000-1', '1700000000000-2'])
  })

  it('holds each event once when it is killed between writing and the acknowledgement', async () => {
    const killed = makeSink()
    await killed.start()
    await killed.deliver(leaseOf(0, ['a', 'b']), live)
    // A delivery that was written in part when the power went: neither synced nor in the journal.
    const [name = ''] = readdirSync(out)
    appendFileSync(join(out, name), 'c\nhal')
    now += 1000
    const sink = makeSink()
    await sink.start()
    await sink.deliver(leaseOf(1, ['b', 'c', 'd']), live)
    await sink.stop()
    expect(contents()).toEqual(['a\nb\n', 'c\nd\n'])
  })

  it('holds each event once when it is killed in the first delivery to a new file', async () => {
    const killed = makeSink()
    await killed.start()
    await killed.deliver(leaseOf(0, ['a', 'b']), live)
    now += 30_000
    await killed.idle?.()
    // What is on the disk when the events are written and nothing has been noted: the state that a kill leaves.
    const copy = `${directory}-copy`
    const lease = leaseOf(2, ['c', 'd'])
    const batches = Object.assign([...lease.batches], {
      *[Symbol.iterator]() {
        yield* lease.batches
        cpSync(directory, copy, { recursive: true })
      },
    })
    await killed.deliver({ ...lease, batches }, live)
    await killed.stop()
    rmSync(directory, { recursive: true })
    renameSync(copy, directory)
    expect(contents().join('')).toBe('a\nb\nc\nd\n')

    now += 1000
    const sink = makeSink()
    await sink.start()
    await sink.deliver(leaseOf(2, ['c', 'd', 'e']), live)
    await sink.stop()
    expect(contents().join('')).toBe('a\nb\nc\nd\ne\n')
  })

  it('holds each event once when the channel has not kept what it was told of earlier deliveries', async () => {
    const killed = makeSink()
    await killed.start()
    await killed.deliver(leaseOf(0, ['a', 'b']), live)
    const later = leaseOf(2, ['c'])
    await killed.deliver({ ...later, identity: { sender, firstEvent: 2, floor: 2 } }, live)
    now += 1000
    const sink = makeSink()
    await sink.start()
    await sink.deliver(leaseOf(0, ['a', 'b', 'c', 'd']), live)
    await sink.stop()
    expect(contents().join('')).toBe('a\nb\nc\nd\n')
  })

  it('takes earlier events than it has written: another sink of the channel had them and gave them back', async () => {
    const killed = makeSink()
    await killed.start()
    await killed.deliver(leaseOf(4, ['e', 'f']), live)
    await killed.deliver(leaseOf(0, ['a', 'b']), live)
    expect(contents()).toEqual(['e\nf\na\nb\n'])
    now += 1000
    const sink = makeSink()
    await sink.start()
    // Of these c, d and g are missing in the files.
    await sink.deliver(leaseOf(1, ['b', 'c', 'd', 'e', 'f', 'g']), live)
    await sink.stop()
    expect(contents().join('')).toBe('e\nf\na\nb\nc\nd\ng\n')
  })

  it('starts from the beginning with another channel', async () => {
    const first = makeSink()
    await first.start()
    await first.deliver(leaseOf(0, ['a', 'b']), live)
    await first.stop()
    now += 1000
    const second = makeSink()
    await second.start()
    const other = leaseOf(0, ['x'])
    await second.deliver({ ...other, identity: { sender: 'f'.repeat(32), firstEvent: 0, floor: 0 } }, live)
    await second.stop()
    expect(contents()).toEqual(['a\nb\n', 'x\n'])
  })

  it('puts events into folders by their headers and time, in order, and never outside', async () => {
    const sink = makeSink({ 'sink.directory': `${out}/%{host}/%Y-%m-%d`, 'sink.timeZone': 'UTC' })
    await sink.start()
    const time = String(Date.UTC(2026, 10, 23, 12))
    await sink.deliver(leaseOf(0, ['a', 'b'], { host: 'one', timestamp: time }), live)
    await sink.deliver(leaseOf(2, ['c'], { host: 'two', timestamp: time }), live)
    await expect(sink.deliver(leaseOf(3, ['d'], { host: '../../..', timestamp: time }), live)).rejects.toMatchObject({
      code: 'SLUICE_REFUSED',
    })
    await expect(sink.deliver(leaseOf(3, ['d'], { host: 'one' }), live)).rejects.toThrow(/add a timestamp interceptor/)
    await sink.stop()
    expect(contents(join(out, 'one', '2026-11-23'))).toEqual(['a\nb\n'])
    expect(contents(join(out, 'two', '2026-11-23'))).toEqual(['c\n'])
  })

  it('says which folder is missing', async () => {
    rmSync(out, { recursive: true })
    await expect(makeSink().start()).rejects.toThrow(new RegExp(`cannot write to ${out}`))
  })

  for (const codec of ['null', 'deflate'])
    it(`writes container files that Avro's own reader takes: codec ${codec}`, async () => {
      const sink = makeSink({
        'sink.serializer': 'avro_event',
        'sink.serializer.*': { compressionCodec: codec } as never,
      })
      await sink.start()
      await sink.deliver(leaseOf(0, ['a', 'ü'], { k: 'v' }), live)
      await sink.deliver(leaseOf(2, ['c']), live)
      await sink.stop()
      const events: unknown[] = []
      const decoder = avsc.createFileDecoder(join(out, readdirSync(out)[0] ?? ''))
      await new Promise((resolve, reject) =>
        decoder
          .on('data', (e) => events.push(e))
          .on('end', resolve)
          .on('error', reject),
      )
      expect(events.map((event) => ({ ...(event as object) }))).toMatchObject([
        { headers: { k: 'v' }, body: Buffer.from('a') },
        { headers: { k: 'v' }, body: Buffer.from('ü') },
        { headers: {}, body: Buffer.from('c') },
      ])
    })
})

describe('escapes in paths', () => {
  const headers = new Map([
    ['timestamp', '1065910455003'],
    ['host', 'web1'],
  ])
  const expand = (text: string, options: Partial<ConstructorParameters<typeof PathEscapes>[1]> = {}) =>
    new PathEscapes(text, { timeZone: 'UTC', now: () => 0, ...options }).expand(headers)

  it('are what Flume 1.11 makes of them', () => {
    const tags = [...Array.from('aAbBcdeDHIjklmnMpsStyYz%')].map((tag) => `%${tag}`).join('|')
    expect(expand(tags)).toBe(
      'Sat|Saturday|Oct|October|Sat Oct 11 22:14:15 2003|11|11|10/11/03|22|10|284|22|10|10|10|14|PM|1065910455|15|' +
        '1065910455003|03|2003|+0000|%',
    )
    expect(expand('/x/%{host}/%{none}/%q')).toBe('/x/web1//')
  })

  it('round down, in the zone they are told', () => {
    expect(expand('%H%M%S', { round: { value: 10, unit: 'minute' } })).toBe('221000')
    expect(expand('%Y-%m-%d %H %z', { timeZone: 'Asia/Kolkata' })).toBe('2003-10-12 03 +0530')
    expect(() => expand('%Y', { timeZone: 'Mars/Olympus' })).toThrow(/no time zone/)
  })
})
