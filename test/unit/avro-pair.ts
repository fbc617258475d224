/** An Avro source and an Avro sink of one process, with channels that answer as a test wants. */
import { afterEach } from 'vitest'
import type { BatchIdentity, Lease } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import type { Batch } from '../../core/event/batch.ts'
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

export type Put = (batch: Batch, options: ProcessorPutOptions) => Promise<void>

/** The source's side of its channels, as a test wants it to answer. */
export function channelsThat(put: Put): ChannelProcessor {
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

export function lease(texts: readonly string[][], identity?: BatchIdentity): Lease {
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

export const bodies = (batch: Batch) => [...batch.events()].map(({ body }) => body.toString())

/** Stops what it has started after each test. */
export function avroPairs() {
  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  })

  async function source(put: Put, settings: Record<string, string> = {}) {
    const notices: string[] = []
    const counters = new SourceCounters()
    const source = new AvroSource(avroSourceSettings.parse({ bind: '127.0.0.1', port: '0', ...settings }), {
      ...component,
      channels: channelsThat(put),
      counters,
      reportEvent: (code) => notices.push(code),
    })
    await source.start()
    stops.push(() => source.stop())
    return { source, sourceCounters: counters, notices }
  }

  async function sink(port: number, settings: Record<string, string> = {}) {
    const counters = new SinkCounters()
    const sink = new AvroSink(avroSinkSettings.parse({ hostname: '127.0.0.1', port: String(port), ...settings }), {
      ...component,
      counters,
      reportEvent() {},
    })
    await sink.start()
    stops.push(() => sink.stop())
    return { sink, sinkCounters: counters }
  }

  async function pair(
    put: Put,
    sinkSettings: Record<string, string> = {},
    sourceSettings: Record<string, string> = {},
  ) {
    const receiving = await source(put, sourceSettings)
    return { ...receiving, ...(await sink(receiving.source.port, sinkSettings)) }
  }

  return { source, sink, pair }
}
