import avsc from 'avsc'
import { fc } from '../property-checks.ts'
import { describe, expect, it } from 'vitest'
import { Batch, eventOffsets } from '../../core/event/batch.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { SharedMemoryPool } from '../../core/event/shared-memory.ts'

const eventType = avsc.Type.forSchema({
  type: 'record',
  name: 'AvroFlumeEvent',
  fields: [
    { name: 'headers', type: { type: 'map', values: 'string' } },
    { name: 'body', type: 'bytes' },
  ],
})

const anyEvent = fc.record({
  headers: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' })),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
})

describe('a batch', () => {
  it('is byte for byte what avsc writes, and reads back', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
        const builder = new BatchBuilder(16)
        for (const { headers, body } of events) builder.addEvent(new Map(Object.entries(headers)), body)
        const batch = builder.finish()
        expect(batch.bytes.equals(Buffer.concat(events.map((event) => eventType.toBuffer(event))))).toBe(true)
        const read = [...batch.events()].map(({ headers, body }) => ({
          headers: Object.fromEntries(headers),
          body: Buffer.from(body),
        }))
        expect(read).toEqual(events)
        expect(batch.count).toBe(events.length)
      }),
    )
  })

  it('slices at event boundaries', () => {
    const builder = new BatchBuilder()
    builder.shareHeaders(new Map([['file', '/var/log/a']]))
    for (let index = 0; index < 10; index++) builder.addBody(Buffer.from(`line ${index}`))
    const slice = builder.finish().slice(3, 6)
    expect([...slice.events()].map((event) => event.body.toString())).toEqual(['line 3', 'line 4', 'line 5'])
    expect(slice.event(1).headers.get('file')).toBe('/var/log/a')
  })

  it('refuses bytes that are not the events they claim to be, and never loops or reads past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 9 }), (bytes, count) => {
        try {
          eventOffsets(Buffer.from(bytes), count)
        } catch (error) {
          expect(error).toMatchObject({ code: 'SLUICE_EVENT_FORMAT' })
        }
      }),
      { numRuns: 2000 },
    )
    expect(() => new Batch(Buffer.from([0, 0, 0]), 1).offsets()).toThrow(/has 3 bytes/)
  })
})

describe('shared memory', () => {
  it('comes back for use when a batch is recycled, and only once', () => {
    const pool = new SharedMemoryPool(1 << 20)
    const first = pool.take(70_000)
    expect(first.length).toBe(131_072)
    pool.give(first)
    expect(pool.take(100_000)).toBe(first)
    expect(pool.take(100_000)).not.toBe(first)
  })

  it('holds no more than it may', () => {
    const pool = new SharedMemoryPool(131_072)
    const [first, second] = [pool.take(100_000), pool.take(100_000)]
    pool.give(first)
    pool.give(second)
    expect(pool.take(100_000)).toBe(first)
    expect(pool.take(100_000)).not.toBe(second)
  })

  it('a view of a batch never gives memory back', () => {
    const builder = new BatchBuilder()
    builder.addBody(Buffer.from('one'))
    builder.addBody(Buffer.from('two'))
    const batch = builder.finish()
    batch.slice(1, 2).recycle()
    const other = new BatchBuilder()
    other.addBody(Buffer.from('XXXXXXXX'))
    expect(batch.event(0).body.toString()).toBe('one')
    expect(other.finish().count).toBe(1)
  })
})
