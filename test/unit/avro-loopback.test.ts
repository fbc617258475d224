import { afterEach, describe, expect, it } from 'vitest'
import type { BatchIdentity, Lease } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import type { Batch } from '../../core/event/batch.ts'
import { SluiceError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { SinkCounters, SourceCounters } from '../../core/metrics/counters.ts'
import { avroSinkSettings } from '../../core/sink/avro/avro-settings.ts'
import { AvroSink } from '../../core/sink/avro/avro-sink.ts'
import type { ChannelProcessor, ProcessorPutOptions } from '../../core/source/source.ts'
import { avroSourceSettings } from '../../core/source/avro/avro-settings.ts'
import { AvroSource } from '../../core/source/avro/avro-source.ts'

const component = {
  name: 'under-test',
  agent: 'a1',
  log: silentLog,
  clock: systemClock,
  dataDirectory: '',
  baseDirectory: '',
  reportState() {},
  reportFailure() {},
}

type Put = (batch: Batch, options: ProcessorPutOptions) => Promise<void>

/** The source's side of its channels, as a test wants it to answer. */
function channelsThat(put: Put): ChannelProcessor {
  return {
    prepareHeaders: (headers) => headers,
    put: (batch, options = {}) => put(batch, options),
    putPatiently: (batch, options = {}) => put(batch, options),
    position: () => undefined,
    positions: () => [],
    forgetPositions: () => Promise.resolve(),
    durable: false,
  }
}

function lease(texts: readonly string[][], identity?: BatchIdentity): Lease {
  const batches = texts.map((bodies) => {
    const builder = new BatchBuilder()
    builder.shareHeaders(new Map([['host', 'web1']]))
    for (const body of bodies) builder.addBody(Buffer.from(body))
    return builder.finish()
  })
  const settled = () => Promise.resolve()
  return {
    batches,
    count: batches.reduce((sum, { count }) => sum + count, 0),
    bytes: batches.reduce((sum, { bytes }) => sum + bytes.length, 0),
    identity,
    ack: settled,
    release() {},
    quarantine: settled,
  }
}

const bodies = (batch: Batch) => [...batch.events()].map(({ body }) => body.toString())
const signal = new AbortController().signal

describe('an Avro sink in front of an Avro source', () => {
  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  })

  async function pair(
    put: Put,
    sinkSettings: Record<string, string> = {},
    sourceSettings: Record<string, string> = {},
  ) {
    const notices: string[] = []
    const reportEvent = (code: string) => notices.push(code)
    const sourceCounters = new SourceCounters()
    const source = new AvroSource(avroSourceSettings.parse({ bind: '127.0.0.1', port: '0', ...sourceSettings }), {
      ...component,
      channels: channelsThat(put),
      counters: sourceCounters,
      reportEvent,
    })
    await source.start()
    stops.push(() => source.stop())
    const sinkCounters = new SinkCounters()
    const sink = new AvroSink(
      avroSinkSettings.parse({ hostname: '127.0.0.1', port: String(source.port), ...sinkSettings }),
      { ...component, counters: sinkCounters, reportEvent },
    )
    await sink.start()
    stops.push(() => sink.stop())
    return { source, sink, sourceCounters, sinkCounters, notices }
  }

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

  it('rejects with the peer and the reason when nobody listens, and goes on when somebody does', async () => {
    const { sink, source } = await pair(() => Promise.resolve())
    await source.stop()
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toThrow(/127\.0\.0\.1:\d+: .*ECONNREFUSED/)
  })
})
