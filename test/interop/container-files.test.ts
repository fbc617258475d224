import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { avroSource, fileRoll, memoryChannel, straightFlow } from './agent-file.ts'
import { edgeEvents, fingerprint, fingerprints, numberedEvents, readContainers } from './avro-events.ts'
import { freePort, runJava, sendWithFlume } from './flume/peer.ts'
import { absence, flumePeer, Peers } from './peers.ts'

/** What Java's own DataFileReader finds in container files: their codecs, schemas and events. */
async function readWithJava(files: readonly string[]) {
  const decoded = (text: string) => Buffer.from(text === '-' ? '' : text, 'base64')
  const codecs = new Set<string>()
  const schemas = new Set<string>()
  const events: string[] = []
  for (const line of (await runJava(flumePeer, 'ContainerReader', files)).split('\n')) {
    const [kind, first = '', ...rest] = line.split(' ')
    if (kind === 'file') {
      codecs.add(first)
      schemas.add(rest.join(' '))
    }
    if (kind !== 'event') continue
    const texts = rest.map((text) => decoded(text).toString())
    const headers = texts.flatMap((key, at) => (at % 2 === 0 ? [[key, texts[at + 1] ?? ''] as const] : []))
    events.push(fingerprint(headers, decoded(first)))
  }
  return { codecs: [...codecs], schemas: [...schemas], events }
}

/** The files of a folder in the order in which they were begun. */
const filesOf = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort((a, b) => Number(/-(\d+)$/.exec(a)?.[1]) - Number(/-(\d+)$/.exec(b)?.[1]))
    .map((name) => join(folder, name))

describe.skipIf(absence !== '')(`container files of file_roll${absence}`, () => {
  let peers: Peers
  const sent = [...edgeEvents(), ...numberedEvents(3000)]

  beforeEach(() => {
    peers = new Peers()
  })

  afterEach(() => peers.remove())

  for (const codec of ['null', 'deflate', 'zstandard'])
    it(`of Sluice are read by Java's Avro and by Avro's JavaScript: codec ${codec}`, async () => {
      const out = peers.folder('out')
      const port = await freePort()
      const sluice = await peers.sluice(
        's',
        straightFlow('s', {
          source: avroSource(port),
          channel: memoryChannel,
          sink: { ...fileRoll(out, 'avro_event'), 'sink.rollCount': 1000, 'sink.serializer.compressionCodec': codec },
        }),
        'listening for Avro senders',
      )
      await sendWithFlume(flumePeer, sent, { port, parts: [{ batchSize: 500, count: sent.length }] })
      await expect
        .poll(async () => (await readWithJava(filesOf(out)).catch(() => undefined))?.events.length, {
          timeout: 20_000,
          interval: 500,
        })
        .toBe(sent.length)
      expect(await sluice.stop()).toBe(0)
      expect(filesOf(out).length).toBeGreaterThan(2)
      const read = await readWithJava(filesOf(out))
      expect(read.codecs).toEqual([codec])
      expect(read.schemas).toEqual([
        '{"type":"record","name":"Event","fields":[{"name":"headers","type":{"type":"map","values":"string"}},' +
          '{"name":"body","type":"bytes"}]}',
      ])
      expect(read.events).toEqual(fingerprints(sent))
      if (codec !== 'zstandard') expect(await readContainers(out)).toEqual(read.events)
    })

  it('of Flume, which Java reads, are read by JavaScript alike', async () => {
    const out = peers.folder('out')
    const port = await freePort()
    const flume = await peers.flume(
      'f',
      straightFlow('f', {
        source: avroSource(port),
        channel: memoryChannel,
        sink: { ...fileRoll(out, 'avro_event'), 'sink.serializer.compressionCodec': 'deflate' },
      }),
      'Avro source in started',
    )
    await sendWithFlume(flumePeer, sent, { port, parts: [{ batchSize: 500, count: sent.length }] })
    await expect
      .poll(async () => (await readContainers(out).catch(() => [])).length, { timeout: 20_000 })
      .toBe(sent.length)
    await flume.stop()
    const read = await readWithJava(filesOf(out))
    expect(read).toMatchObject({ codecs: ['deflate'], events: fingerprints(sent) })
    expect(await readContainers(out)).toEqual(read.events)
  })
})
