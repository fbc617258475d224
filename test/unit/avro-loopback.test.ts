import { describe, expect, it } from 'vitest'
import type { Batch } from '../../core/event/batch.ts'
import { SluiceError } from '../../core/errors.ts'
import type { ProcessorPutOptions } from '../../core/source/source.ts'
import { avroPairs, bodies, lease } from './avro-pair.ts'

const signal = new AbortController().signal

describe('an Avro sink in front of an Avro source', () => {
  const { pair } = avroPairs()

  it('delivers the batches of a lease as one, with their identity', async () => {
    const seen: { batch: Batch; options: ProcessorPutOptions }[] = []
    const { sink, source, sourceCounters, sinkCounters } = await pair((batch, options) => {
      seen.push({ batch, options })
      return Promise.resolve()
    })
    const identity = { sender: '0123456789abcdef0123456789abcdef', firstEvent: 2 ** 40 + 1, floor: 2 ** 33 }
    await sink.deliver(lease([['a', 'b'], ['c'], ['d'.repeat(100_000)]], identity), signal)
    expect(seen).toHaveLength(1)
    const [{ batch, options }] = seen as [{ batch: Batch; options: ProcessorPutOptions }]
    expect(bodies(batch)).toEqual(['a', 'b', 'c', 'd'.repeat(100_000)])
    expect(batch.event(2).headers).toEqual(new Map([['host', 'web1']]))
    expect(options.identity).toEqual(identity)
    expect(options.exclusive).toBe(true)
    expect(sourceCounters).toMatchObject({ eventReceivedCount: 4, eventAcceptedCount: 4, appendBatchAcceptedCount: 1 })
    expect(sinkCounters).toMatchObject({ eventDrainSuccessCount: 4, connectionCreatedCount: 1 })
    expect(source.inspect().ports?.[0]?.connections).toMatchObject([{ events: 4 }])
  })

  it('has several requests under way to another Sluice, in one lane and in order', async () => {
    const waiting: { text: string; options: ProcessorPutOptions; done: () => void }[] = []
    const { sink } = await pair((batch, options) =>
      batch.count === 1 && bodies(batch)[0] === 'first'
        ? Promise.resolve()
        : new Promise<void>((done) => waiting.push({ text: bodies(batch).join(), options, done })),
    )
    expect(sink.concurrency).toBe(1)
    await sink.deliver(lease([['first']]), signal)
    expect(sink.concurrency).toBe(4)
    const done: string[] = []
    const deliveries = ['1', '2', '3', '4', '5'].map((text) =>
      sink.deliver(lease([[text]]), signal).then(() => done.push(text)),
    )
    await expect.poll(() => waiting.map(({ text }) => text)).toEqual(['1', '2', '3', '4'])
    expect(new Set(waiting.map(({ options }) => options.lane)).size).toBe(1)
    // The second is stored before the first; its answer still comes behind the first's.
    waiting[1]?.done()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(done).toEqual([])
    waiting[0]?.done()
    await expect.poll(() => waiting.length).toBe(5)
    for (const { done } of waiting) done()
    await Promise.all(deliveries)
    expect(done).toEqual(['1', '2', '3', '4', '5'])
  })

  it('fails all that is under way when the receiver answers FAILED, and delivers again afterwards', async () => {
    let full = false
    const lanes = new Set<unknown>()
    const { sink, sourceCounters, sinkCounters, notices } = await pair((_batch, { lane }) => {
      if (full) {
        lanes.add(lane)
        return Promise.reject(new SluiceError('SLUICE_CHANNEL_FULL', 'no room'))
      }
      return Promise.resolve()
    })
    await sink.deliver(lease([['a']]), signal)
    full = true
    const results = await Promise.allSettled(['b', 'c', 'd'].map((text) => sink.deliver(lease([[text]]), signal)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(results[0]).toMatchObject({ reason: { code: 'SLUICE_DELIVERY' } })
    full = false
    await sink.deliver(lease([['b']]), signal)
    expect(sourceCounters.channelWriteFail).toBeGreaterThan(0)
    expect(sinkCounters.connectionCreatedCount).toBe(2)
    expect(notices).toEqual([])
  })

  it('answers what is under way when the source stops, takes no more, and is gone at once', async () => {
    const waiting: (() => void)[] = []
    const { sink, source } = await pair((batch) =>
      bodies(batch)[0] === 'first' ? Promise.resolve() : new Promise<void>((done) => waiting.push(done)),
    )
    await sink.deliver(lease([['first']]), signal)
    const delivered = sink.deliver(lease([['a']]), signal)
    await expect.poll(() => waiting.length).toBe(1)
    const began = performance.now()
    const stopped = source.stop()
    const late = sink.deliver(lease([['b']]), signal)
    const refused = expect(late).rejects.toMatchObject({ code: 'SLUICE_DELIVERY' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    waiting[0]?.()
    await delivered
    await Promise.all([stopped, refused])
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('connects anew when its interval is over, without a failure', async () => {
    const { sink, sinkCounters } = await pair(() => Promise.resolve(), { 'reset-connection-interval': '1' })
    const end = performance.now() + 1300
    const deliver = async () => {
      while (performance.now() < end) await sink.deliver(lease([['a']]), signal)
    }
    await deliver()
    expect(sinkCounters.connectionCreatedCount).toBe(2)
    expect(sinkCounters.eventWriteFail).toBe(0)
  })

  it('rejects when the receiver does not answer in time, and names the time-out', async () => {
    let store = () => {}
    const put = () => new Promise<void>((done) => (store = done))
    const { sink } = await pair(put, { 'request-timeout': '1000' })
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toThrow(/no answer within 1000 ms/)
    store()
  })

  it('rejects with the peer and the reason when nobody listens, and goes on when somebody does', async () => {
    const { sink, source } = await pair(() => Promise.resolve())
    await source.stop()
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toThrow(/127\.0\.0\.1:\d+: .*ECONNREFUSED/)
  })
})
