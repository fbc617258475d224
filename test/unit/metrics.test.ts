import { afterEach, describe, expect, test } from 'vitest'
import { ChannelCounters, SinkCounters, SourceCounters } from '../../core/metrics/counters.ts'
import { componentMetrics, type MetricsSource } from '../../core/metrics/component-metrics.ts'
import { flumeJson } from '../../core/metrics/flume-json.ts'
import { MonitoringServer } from '../../core/metrics/monitoring-server.ts'
import { prometheusText } from '../../core/metrics/prometheus.ts'

/** What Flume's MBeans show (flume.md §5.3). */
const sourceAttributes =
  'EventReceivedCount EventAcceptedCount AppendReceivedCount AppendAcceptedCount AppendBatchReceivedCount AppendBatchAcceptedCount OpenConnectionCount EventReadFail ChannelWriteFail GenericProcessingFail StartTime StopTime Type'
const sinkAttributes =
  'ConnectionCreatedCount ConnectionClosedCount ConnectionFailedCount BatchEmptyCount BatchUnderflowCount BatchCompleteCount EventDrainAttemptCount EventDrainSuccessCount EventWriteFail ChannelReadFail StartTime StopTime Type'
const channelAttributes =
  'ChannelSize ChannelCapacity ChannelFillPercentage EventPutAttemptCount EventPutSuccessCount EventTakeAttemptCount EventTakeSuccessCount StartTime StopTime Type Open Closed Unhealthy EventPutErrorCount EventTakeErrorCount CheckpointWriteErrorCount CheckpointBackupWriteErrorCount'

function sample(): MetricsSource {
  const counters = new SourceCounters()
  counters.eventReceivedCount = 12
  const stats = {
    ...({ state: 'running', reason: '', events: 1, bytes: 120, capacity: 3, byteCapacity: Infinity } as const),
    ...{ oldestAt: undefined, freeDisk: undefined },
    ledger: { received: 5, delivered: 4, queued: 1, dropped: { a: 0 }, quarantined: 0, lost: 0, repeated: 0 },
  }
  return {
    sources: [
      { name: 'r1', type: 'taildir', counters },
      { name: 'r2', type: 'netcat', counters: new SourceCounters() },
    ],
    channels: [{ name: 'c1', type: 'file', counters: new ChannelCounters(), stats }],
    sinks: [
      { name: 'k1', type: 'avro', counters: new SinkCounters() },
      { name: 'k2', type: 'logger', counters: new SinkCounters() },
    ],
  }
}

describe("Flume's JSON", () => {
  const json = flumeJson(componentMetrics(sample()))

  test('has the components that have an MBean in Flume, and no others', () => {
    expect(Object.keys(json).sort()).toEqual(['CHANNEL.c1', 'SINK.k1', 'SOURCE.r1'])
  })

  test('has every attribute of the MBeans, each a string', () => {
    const expected = { 'SOURCE.r1': sourceAttributes, 'SINK.k1': sinkAttributes, 'CHANNEL.c1': channelAttributes }
    for (const [key, attributes] of Object.entries(expected)) {
      expect(Object.keys(json[key] ?? {}), key).toEqual(expect.arrayContaining(attributes.split(' ')))
      expect(
        Object.values(json[key] ?? {}).every((value) => typeof value === 'string'),
        key,
      ).toBe(true)
    }
    expect(json['SOURCE.r1']).toMatchObject({ Type: 'SOURCE', EventReceivedCount: '12' })
  })

  test('writes numbers as Java does', () => {
    expect(json['CHANNEL.c1']).toMatchObject({
      ChannelFillPercentage: '33.333333333333336',
      ChannelSize: '1',
      Open: 'true',
    })
    const closed = sample()
    const channels = closed.channels.map((channel) => ({ ...channel, stats: undefined }))
    const without = flumeJson(componentMetrics({ ...closed, channels }))
    expect(without['CHANNEL.c1']).toMatchObject({ ChannelFillPercentage: '1.7976931348623157E308', Open: 'false' })
  })
})

describe("Prometheus' text", () => {
  test('has each family once with its type, and labels that hide nothing', () => {
    const text = prometheusText(componentMetrics(sample()), 'a"1\n')
    expect(text).toContain('# TYPE sluice_source_event_received_total counter\n')
    expect(text).toContain('sluice_source_event_received_total{agent="a\\"1\\n",component="r1",type="taildir"} 12\n')
    expect(text).toContain('# TYPE sluice_channel_channel_size gauge\n')
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, family]) => family)
    expect(new Set(families).size).toBe(families.length)
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# TYPE [a-z_]+ (counter|gauge)|[a-z_]+\{[^}]*\} [-+0-9.eInf]+)$/)
  })
})

describe('the monitoring port', () => {
  let server: MonitoringServer | undefined
  afterEach(() => server?.stop())

  async function start() {
    server = new MonitoringServer({ agent: 'a1', port: 0, metrics: sample })
    const { host, port } = await server.start()
    expect(host).toBe('127.0.0.1')
    return (path: string, init?: RequestInit) => fetch(`http://${host}:${port}${path}`, init)
  }

  test('answers as Flume does', async () => {
    const get = await start()
    const metrics = await get('/METRICS')
    expect(metrics.headers.get('content-type')).toBe('application/json;charset=utf-8')
    expect(Object.keys((await metrics.json()) as object)).toContain('CHANNEL.c1')
    expect(await (await get('/')).text()).toContain('href="/metrics"')
    expect((await get('/other')).status).toBe(404)
    expect((await get('/metrics', { method: 'OPTIONS' })).status).toBe(403)
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  })

  test('answers a Prometheus with its text', async () => {
    const get = await start()
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
    expect(await (await get('/metrics', { headers: { accept } })).text()).toContain('# TYPE')
    expect(await (await get('/metrics/prometheus')).text()).toContain('# TYPE')
  })

  test('says that its port is taken', async () => {
    server = new MonitoringServer({ agent: 'a1', port: 0, metrics: sample })
    const { port } = await server.start()
    const second = new MonitoringServer({ agent: 'a1', port, metrics: sample })
    await expect(second.start()).rejects.toThrow(/is in use/)
  })
})
