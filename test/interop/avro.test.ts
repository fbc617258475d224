import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { edgeEvents, fingerprints, numberedEvents, readContainers } from './avro-events.ts'
import { makeKeyStores, storePassword } from './flume/key-store.ts'
import { findFlume, freePort, sendWithFlume, startFlume } from './flume/peer.ts'
import type { PeerProcess } from './peer-process.ts'
import { startSluice } from './sluice-agent.ts'

const peer = await findFlume()
const flume = typeof peer === 'string' ? { classPath: '' } : peer
const absent = typeof peer === 'string' ? ` (skipped: ${peer})` : ''

const transports = [
  { name: 'plain', ssl: false, deflate: false },
  { name: 'deflate', ssl: false, deflate: true },
  { name: 'TLS', ssl: true, deflate: false },
  { name: 'TLS and deflate', ssl: true, deflate: true },
] as const

describe.skipIf(absent !== '')(`Avro with Flume 1.11${absent}`, () => {
  let directory: string
  const running: PeerProcess[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
    for (const name of ['out', 'flume', 'sluice']) mkdirSync(join(directory, name))
  })

  afterEach(async () => {
    for (const agent of running.splice(0)) await agent.kill()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Two lines of properties for a channel, `kind` file or memory. */
  const memory = (agent: string) =>
    `${agent}.channels.c.type = memory\n${agent}.channels.c.capacity = 20000\n` +
    `${agent}.channels.c.transactionCapacity = 10000\n`
  const wiring = (agent: string) =>
    `${agent}.sources = in\n${agent}.channels = c\n${agent}.sinks = out\n` +
    `${agent}.sources.in.channels = c\n${agent}.sinks.out.channel = c\n`
  const avroSource = (agent: string, port: number, more: string) =>
    `${agent}.sources.in.type = avro\n${agent}.sources.in.bind = 127.0.0.1\n${agent}.sources.in.port = ${port}\n` + more
  const toFiles = (agent: string) =>
    `${agent}.sinks.out.type = file_roll\n${agent}.sinks.out.sink.directory = ${join(directory, 'out')}\n` +
    `${agent}.sinks.out.sink.rollInterval = 0\n${agent}.sinks.out.sink.serializer = avro_event\n` +
    `${agent}.sinks.out.sink.batchSize = 1000\n`

  for (const { name, ssl, deflate } of transports)
    it(`takes what Flume's RpcClient sends: ${name}`, async () => {
      const port = await freePort()
      const stores = ssl ? await makeKeyStores(directory) : undefined
      const security = stores
        ? `s.sources.in.ssl = true\ns.sources.in.keystore = ${stores.keyStore}\n` +
          `s.sources.in.keystore-password = ${storePassword}\ns.sources.in.keystore-type = PKCS12\n`
        : ''
      const compression = deflate ? 's.sources.in.compression-type = deflate\n' : ''
      const sluice = startSluice({
        directory: join(directory, 'sluice'),
        agent: 's',
        properties:
          wiring('s') + avroSource('s', port, security + compression) + 's.channels.c.type = file\n' + toFiles('s'),
      })
      running.push(sluice)
      const sent = [...edgeEvents(), ...numberedEvents(12_000)]
      const properties: Record<string, string> = {}
      if (deflate) properties['compression-type'] = 'deflate'
      if (stores)
        Object.assign(properties, {
          ssl: 'true',
          truststore: stores.trustStore,
          'truststore-password': storePassword,
          'truststore-type': 'PKCS12',
        })
      let from = 0
      for (const [batchSize, count] of [
        [0, 12],
        [1, 20],
        [100, 1000],
        [5000, sent.length],
      ] as const) {
        const part = sent.slice(from, from + count)
        from += count
        expect((await sendWithFlume(flume, part, { port, batchSize, properties })).sent).toBe(part.length)
      }
      expect(await sluice.stop()).toBe(0)
      // What the stop left in the channel leaves it after the next start.
      const again = startSluice({
        directory: join(directory, 'sluice'),
        agent: 's',
        properties:
          wiring('s') + avroSource('s', port, security + compression) + 's.channels.c.type = file\n' + toFiles('s'),
      })
      running.push(again)
      await expect
        .poll(async () => (await readContainers(join(directory, 'out'))).length, { timeout: 20_000 })
        .toBe(sent.length)
      await again.stop()
      expect(await readContainers(join(directory, 'out'))).toEqual(fingerprints(sent))
    })

  for (const { name, ssl, deflate } of transports)
    it(`delivers to a Flume agent: ${name}`, async () => {
      const [entry, next] = [await freePort(), await freePort()]
      const stores = ssl ? await makeKeyStores(directory) : undefined
      const flumeAgent = await startFlume(flume, {
        directory: join(directory, 'flume'),
        agent: 'f',
        properties:
          wiring('f') +
          avroSource(
            'f',
            next,
            (stores
              ? `f.sources.in.ssl = true\nf.sources.in.keystore = ${stores.keyStore}\n` +
                `f.sources.in.keystore-password = ${storePassword}\nf.sources.in.keystore-type = PKCS12\n`
              : '') + (deflate ? 'f.sources.in.compression-type = deflate\n' : ''),
          ) +
          memory('f') +
          toFiles('f'),
      })
      running.push(flumeAgent)
      await flumeAgent.logged('Avro source in started')
      const sluice = startSluice({
        directory: join(directory, 'sluice'),
        agent: 's',
        properties:
          wiring('s') +
          avroSource('s', entry, '') +
          's.channels.c.type = file\n' +
          `s.sinks.out.type = avro\ns.sinks.out.hostname = 127.0.0.1\ns.sinks.out.port = ${next}\n` +
          's.sinks.out.batch-size = 700\n' +
          (stores ? `s.sinks.out.ssl = true\ns.sinks.out.truststore = ${stores.certificate}\n` : '') +
          (deflate ? 's.sinks.out.compression-type = deflate\n' : ''),
      })
      running.push(sluice)
      const sent = [...edgeEvents(), ...numberedEvents(9000)]
      await sendWithFlume(flume, sent, { port: entry, batchSize: 300 })
      await expect
        .poll(async () => (await readContainers(join(directory, 'out')).catch(() => [])).length, { timeout: 30_000 })
        .toBe(sent.length)
      await sluice.stop()
      await flumeAgent.stop()
      expect(await readContainers(join(directory, 'out'))).toEqual(fingerprints(sent))
    })

  it('goes on when Flume is killed and comes back: nothing lost, order kept, repeats only of one batch', async () => {
    const [entry, next] = [await freePort(), await freePort()]
    const properties = wiring('f') + avroSource('f', next, '') + memory('f') + toFiles('f')
    const start = async () => {
      const agent = await startFlume(flume, { directory: join(directory, 'flume'), agent: 'f', properties })
      running.push(agent)
      await agent.logged('Avro source in started')
      return agent
    }
    const first = await start()
    const sluice = startSluice({
      directory: join(directory, 'sluice'),
      agent: 's',
      properties:
        wiring('s') +
        avroSource('s', entry, '') +
        's.channels.c.type = file\n' +
        `s.sinks.out.type = avro\ns.sinks.out.hostname = 127.0.0.1\ns.sinks.out.port = ${next}\n` +
        's.sinks.out.batch-size = 100\n',
    })
    running.push(sluice)
    const before = numberedEvents(2000, 'before')
    await sendWithFlume(flume, before, { port: entry, batchSize: 100 })
    await expect
      .poll(async () => (await readContainers(join(directory, 'out')).catch(() => [])).length, { timeout: 30_000 })
      .toBe(before.length)
    await first.kill()
    const after = numberedEvents(5000, 'after')
    await sendWithFlume(flume, after, { port: entry, batchSize: 100 })
    await start()
    await expect
      .poll(async () => new Set(await readContainers(join(directory, 'out')).catch(() => [])).size, { timeout: 40_000 })
      .toBe(before.length + after.length)
    expect(await readContainers(join(directory, 'out'))).toEqual(fingerprints([...before, ...after]))
  })
})
