/**
 * Spooling folders of lines, of Avro container files and of blobs, each into two file channels, and the agent killed at
 * random moments: each event comes once into each channel, in its file's order, and every file is done in the end.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { avroContainer } from '../avro-container.ts'
import { collectedBytes, collectedFiles } from '../integration/collected-lines.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'

const kills = process.env.SLUICE_LONG === '1' ? 100 : 16
/** Bytes of an event. */
const length = 40
const eventsOfFile = 4000

const settings = {
  line: ['deserializer = LINE'],
  avro: ['deserializer = AVRO'],
  blob: ['deserializer = BLOB', `deserializer.maxBlobLength = ${length}`],
} as const
type Kind = keyof typeof settings
const kinds = ['line', 'avro', 'blob'] as const

const source = (directory: string, kind: Kind) => `
a.sources.${kind}.type = spooldir
a.sources.${kind}.spoolDir = ${directory}/${kind}
a.sources.${kind}.channels = c1 c2
a.sources.${kind}.batchSize = 7
a.sources.${kind}.pollDelay = 20
${settings[kind].map((line) => `a.sources.${kind}.${line}`).join('\n')}`

const way = (directory: string, number: number) => `
a.channels.c${number}.type = file
a.sinks.k${number}.type = file_roll
a.sinks.k${number}.channel = c${number}
a.sinks.k${number}.sink.directory = ${directory}/out${number}
a.sinks.k${number}.sink.batchSize = 500`

const configuration = (directory: string) => `
a.sources = ${kinds.join(' ')}
a.channels = c1 c2
a.sinks = k1 k2
${kinds.map((kind) => source(directory, kind)).join('\n')}
${[1, 2].map((number) => way(directory, number)).join('\n')}
`

const eventsOf = (kind: Kind, file: number) =>
  Array.from({ length: eventsOfFile }, (_, event) => `${kind} ${file} ${event} `.padEnd(length, '.'))

function contentOf(kind: Kind, file: number): Buffer {
  const events = eventsOf(kind, file)
  if (kind === 'line') return Buffer.from(events.join('\n'))
  if (kind === 'blob') return Buffer.from(events.join(''))
  const blocks: Buffer[][] = []
  for (let at = 0; at < events.length;) {
    const next = at + Math.floor(Math.random() * 700)
    blocks.push(events.slice(at, next).map((event) => Buffer.from(event)))
    at = next
  }
  const codec = ['null', 'deflate', 'snappy', 'zstandard'][file % 4]
  return avroContainer({ type: 'fixed', name: 'Line', size: length }, blocks, codec)
}

let directory: string | undefined
let agent: SluiceProcess | undefined

afterEach(async () => {
  await agent?.kill()
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
})

it(`each event of a spooled file comes once into each channel, over ${kills} kills`, async () => {
  const place = (directory = mkdtempSync(join(tmpdir(), 'sluice-spooled-')))
  for (const name of [...kinds, 'unfinished', 'out1', 'out2']) mkdirSync(join(place, name))
  const flow = join(place, 'flow.properties')
  writeFileSync(flow, configuration(place))
  const start = () =>
    new SluiceProcess(['agent', '-n', 'a', '-f', flow, '--data-dir', join(place, 'data'), '--no-reload-conf'])
  let files = 0
  const write = () => {
    for (const kind of kinds) {
      const unfinished = join(place, 'unfinished', kind)
      writeFileSync(unfinished, contentOf(kind, files))
      renameSync(unfinished, join(place, kind, String(files)))
    }
    files++
  }
  const waiting = () =>
    kinds.flatMap((kind) => readdirSync(join(place, kind)).filter((name) => /^\d+$/.test(name))).length
  for (let kill = 0; kill < kills; kill++) {
    agent = start()
    while (waiting() < 60) write()
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1000))
    await agent.kill()
  }
  agent = start()
  const outs = ['out1', 'out2'].map((name) => join(place, name))
  const bytes = kinds.length * files * eventsOfFile * (length + 1)
  let most = -1
  for (let quiet = performance.now(); most < 2 * bytes && performance.now() - quiet < 20_000;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = outs.reduce((sum, out) => sum + collectedBytes(out), 0)
    if (now > most) quiet = performance.now()
    most = Math.max(most, now)
  }
  for (let left = 100; left > 0 && waiting() > 0; left--) await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await agent.stop()).code).toBe(0)
  expect(waiting()).toBe(0)
  for (const out of outs) {
    const lines = collectedFiles(out).flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1))
    for (const kind of kinds) {
      const ofKind = Map.groupBy(
        lines.filter((line) => line.startsWith(kind)),
        (line) => line.split(' ')[1],
      )
      for (let file = 0; file < files; file++)
        expect(ofKind.get(String(file)), `${kind} ${file}`).toEqual(eventsOf(kind, file))
    }
    expect(lines).toHaveLength(kinds.length * files * eventsOfFile)
  }
  process.stdout.write(
    `${kinds.length * files * eventsOfFile} events of ${files * kinds.length} files over ${kills} kills\n`,
  )
})
