import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentFile, avroSink, avroSource, fileRoll, memoryChannel, type Settings, straightFlow } from './agent-file.ts'
import { edgeEvents, fingerprints, numberedEvents, readContainers } from './avro-events.ts'
import { type KeyStores, makeKeyStores, storePassword } from './flume/key-store.ts'
import { freePort, freePorts, sendWithFlume } from './flume/peer.ts'
import { absence, flumePeer, Peers } from './peers.ts'

const transports = [
  { name: 'plain', ssl: false, deflate: false },
  { name: 'deflate', ssl: false, deflate: true },
  { name: 'TLS', ssl: true, deflate: false },
  { name: 'TLS and deflate', ssl: true, deflate: true },
] as const

/** What secures and compresses a connection, for both of its ends. */
function transportSettings(stores: KeyStores, { ssl, deflate }: { ssl: boolean; deflate: boolean }) {
  const compression: Record<string, string> = deflate ? { 'compression-type': 'deflate' } : {}
  if (!ssl) return { receiver: compression, sluice: compression, client: compression }
  const { keyStore, trustStore, certificate } = stores
  const keys = { keystore: keyStore, 'keystore-password': storePassword, 'keystore-type': 'PKCS12' }
  const trust = { truststore: trustStore, 'truststore-password': storePassword, 'truststore-type': 'PKCS12' }
  return {
    receiver: { ...compression, ssl: 'true', ...keys },
    sluice: { ...compression, ssl: 'true', truststore: certificate },
    client: { ...compression, ssl: 'true', ...trust },
  }
}

describe.skipIf(absence !== '')(`Avro with Flume 1.11${absence}`, () => {
  let keys: Peers
  let stores: KeyStores
  let peers: Peers
  let out: string

  beforeAll(async () => {
    keys = new Peers()
    stores = await makeKeyStores(keys.directory)
  })

  afterAll(() => keys.remove())

  beforeEach(() => {
    peers = new Peers()
    out = peers.folder('out')
  })

  afterEach(() => peers.remove())

  const arrived = () => readContainers(out).catch(() => [])

  /** A Flume agent that writes what comes in on `port` to files. */
  const receivingFlume = (port: number, transport: Settings = {}) =>
    peers.flume(
      'f',
      straightFlow('f', {
        source: { ...avroSource(port), ...transport },
        channel: memoryChannel,
        sink: fileRoll(out, 'avro_event'),
      }),
      'Avro source in started',
    )

  /** A Sluice agent that passes on to `next` what comes in on `port`. */
  const relayingSluice = (port: number, next: number, transport: Settings, batchSize: number) =>
    peers.sluice(
      's',
      straightFlow('s', {
        source: avroSource(port),
        channel: { type: 'file' },
        sink: { ...avroSink(next), 'batch-size': batchSize, ...transport },
      }),
      'listening for Avro senders',
    )

  for (const transport of transports)
    it(`takes what Flume's RpcClient sends: ${transport.name}`, async () => {
      const port = await freePort()
      const settings = transportSettings(stores, transport)
      const properties = straightFlow('s', {
        source: { ...avroSource(port), ...settings.receiver },
        channel: { type: 'file' },
        sink: fileRoll(out, 'avro_event'),
      })
      const sluice = await peers.sluice('s', properties, 'listening for Avro senders')
      const sent = [...edgeEvents(), ...numberedEvents(12_000)]
      const parts = [
        { batchSize: 0, count: 12 },
        { batchSize: 1, count: 20 },
        { batchSize: 100, count: 1000 },
        { batchSize: 5000, count: sent.length },
      ]
      const result = await sendWithFlume(flumePeer, sent, { port, parts, properties: settings.client })
      expect(result).toMatchObject({ sent: sent.length, refused: 0 })
      expect(await sluice.stop()).toBe(0)
      // What the stop left in the channel leaves it after the next start.
      const again = await peers.sluice('s', properties, 'listening for Avro senders')
      await expect.poll(async () => (await arrived()).length, { timeout: 20_000 }).toBe(sent.length)
      await again.stop()
      expect(await arrived()).toEqual(fingerprints(sent))
    })

  for (const transport of transports)
    it(`takes from a Flume agent and delivers to a Flume agent, in batches of 1, 100 and 5,000: ${transport.name}`, async () => {
      const batchSizes = [1, 100, 5000]
      const entry = await freePort()
      const first = await freePorts(batchSizes.length)
      const second = await freePorts(batchSizes.length)
      const settings = transportSettings(stores, transport)
      const numbered = (make: (at: number) => Settings) =>
        Object.fromEntries(batchSizes.map((size, at) => [`p${size}`, make(at)]))
      const folders = batchSizes.map((size) => peers.folder(`out${size}`))
      // One process of Flume is both ends: what comes in is copied to a path for each size of batch, and comes back to it.
      await peers.flume(
        'f',
        agentFile(
          'f',
          {
            sources: { in: { ...avroSource(entry), channels: batchSizes.map((size) => `p${size}`).join(' ') } },
            channels: numbered(() => memoryChannel),
            sinks: numbered((at) => ({
              ...avroSink(first[at] ?? 0),
              'batch-size': batchSizes[at] ?? 0,
              ...settings.client,
              channel: `p${batchSizes[at]}`,
            })),
          },
          {
            sources: Object.fromEntries(
              second.map((port, at) => [
                `end${at}`,
                { ...avroSource(port), ...settings.receiver, channels: `end${at}` },
              ]),
            ),
            channels: Object.fromEntries(second.map((_, at) => [`end${at}`, memoryChannel])),
            sinks: Object.fromEntries(
              folders.map((folder, at) => [`end${at}`, { ...fileRoll(folder, 'avro_event'), channel: `end${at}` }]),
            ),
          },
        ),
        new RegExp(['in', 'end0', 'end1', 'end2'].map((name) => `(?=[^]*Avro source ${name} started)`).join('')),
      )
      await peers.sluice(
        's',
        agentFile('s', {
          sources: numbered((at) => ({
            ...avroSource(first[at] ?? 0),
            ...settings.receiver,
            channels: `p${batchSizes[at]}`,
          })),
          channels: numbered(() => ({ type: 'file', transactionCapacity: 10_000 })),
          sinks: numbered((at) => ({
            ...avroSink(second[at] ?? 0),
            'batch-size': batchSizes[at] ?? 0,
            ...settings.sluice,
            channel: `p${batchSizes[at]}`,
          })),
        }),
        'serving /metrics',
      )
      const sent = [...edgeEvents(), ...numberedEvents(6000)]
      await sendWithFlume(flumePeer, sent, { port: entry, parts: [{ batchSize: 300, count: sent.length }] })
      for (const [at, folder] of folders.entries()) {
        const size = batchSizes[at] ?? 0
        await expect
          .poll(async () => (await readContainers(folder).catch(() => [])).length, {
            message: `events in batches of ${size}`,
            timeout: 40_000,
            interval: 500,
          })
          .toBe(sent.length)
        expect(await readContainers(folder), `in batches of ${size}`).toEqual(fingerprints(sent))
      }
    })

  it('goes on when Flume is killed and comes back: nothing lost, order kept, repeats only of one batch', async () => {
    const [entry, next] = [await freePort(), await freePort()]
    const flume = await receivingFlume(next)
    await relayingSluice(entry, next, {}, 100)
    const before = numberedEvents(2000, 'before')
    await sendWithFlume(flumePeer, before, { port: entry, parts: [{ batchSize: 100, count: before.length }] })
    await expect.poll(async () => (await arrived()).length, { timeout: 30_000 }).toBe(before.length)
    await flume.kill()
    const after = numberedEvents(5000, 'after')
    await sendWithFlume(flumePeer, after, { port: entry, parts: [{ batchSize: 100, count: after.length }] })
    await receivingFlume(next)
    await expect.poll(async () => new Set(await arrived()).size, { timeout: 40_000 }).toBe(before.length + after.length)
    expect(await arrived()).toEqual(fingerprints([...before, ...after]))
  })
})
