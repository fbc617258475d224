import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { avroSink, avroSource, fileRoll, memoryChannel, type Settings, straightFlow } from './agent-file.ts'
import { fingerprint, readContainers } from './avro-events.ts'
import { freePort } from './flume/peer.ts'
import { absence, Peers } from './peers.ts'

const count = 4000
const capacity = 500

/** The bodies 0, 1, 2, … */
const counting: Settings = { type: 'seq', batchSize: 100, totalEvents: count }
const expected = Array.from({ length: count }, (_, number) => fingerprint([], Buffer.from(String(number))))

describe.skipIf(absence !== '')(`a channel that is full${absence}`, () => {
  let peers: Peers
  let out: string

  beforeEach(() => {
    peers = new Peers()
    out = peers.folder('out')
  })

  afterEach(() => peers.remove())

  /** The last tier, which comes late: until then the one before it cannot get rid of anything. */
  const collector = (port: number) =>
    peers.sluice(
      'last',
      straightFlow('last', { source: avroSource(port), channel: { type: 'file' }, sink: fileRoll(out, 'avro_event') }),
      'listening for Avro senders',
    )

  async function allArrived() {
    await expect
      .poll(async () => (await readContainers(out).catch(() => [])).length, { timeout: 30_000, interval: 250 })
      .toBeGreaterThanOrEqual(count)
    // FAILED means that nothing of the batch was kept, so trying again doubles nothing.
    expect(await readContainers(out)).toEqual(expected)
  }

  it('in Sluice: Flume’s sink gets FAILED, tries again, and everything arrives once and in order', async () => {
    const [port, next, monitoringPort] = [await freePort(), await freePort(), await freePort()]
    await peers.sluice(
      's',
      straightFlow('s', {
        source: avroSource(port),
        channel: { type: 'file', capacity, transactionCapacity: 100, 'keep-alive': 1 },
        sink: avroSink(next),
      }),
      'listening for Avro senders',
      { monitoringPort },
    )
    const flume = await peers.flume(
      'f',
      straightFlow('f', { source: counting, channel: memoryChannel, sink: avroSink(port) }),
      'Rpc sink out started',
    )
    await flume.logged('RPC call returned Status: FAILED')
    const metrics = (await (await fetch(`http://127.0.0.1:${monitoringPort}/metrics`)).json()) as Record<
      string,
      Record<string, string>
    >
    expect(metrics['CHANNEL.c']).toMatchObject({ ChannelSize: String(capacity), ChannelFillPercentage: '100.0' })
    expect(metrics['SOURCE.in']).toMatchObject({ EventAcceptedCount: String(capacity) })
    expect(Number(metrics['SOURCE.in']?.ChannelWriteFail)).toBeGreaterThan(0)
    await collector(next)
    await allArrived()
  })

  it('in Flume: Sluice’s sink takes FAILED for what it is, and everything arrives once and in order', async () => {
    const [port, next] = [await freePort(), await freePort()]
    const flume = await peers.flume(
      'f',
      straightFlow('f', {
        source: avroSource(port),
        channel: { type: 'memory', capacity, transactionCapacity: 100, 'keep-alive': 1 },
        sink: avroSink(next),
      }),
      'Avro source in started',
    )
    const sluice = await peers.sluice(
      's',
      straightFlow('s', { source: counting, channel: { type: 'file' }, sink: avroSink(port) }),
      'connected',
    )
    await flume.logged(/Avro source in: Unable to process event batch/)
    await sluice.logged(/FAILED/)
    await collector(next)
    await allArrived()
  })
})
