/**
 * Two tiers, the second of which splits what it gets: an interceptor drops some events, a multiplexing selector sends the
 * rest into one channel, the other, or both. Either is killed at random moments: each line comes once into each channel
 * that it is for.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { allArrived, collectedBytes, compare } from '../integration/collected-lines.ts'
import { RotatingLog } from '../integration/rotating-log.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'

const long = process.env.SLUICE_LONG === '1'
const kills = long ? 100 : 16

const filter = `export const definition = ({ defineInterceptor, z }) => defineInterceptor({
  type: 'no-d', aliases: [], summary: 'Drops the lines of d.', settings: z.object({}),
  create: () => ({
    intercept: (batch) => batch.keeping(
      [...batch.events()].flatMap(({ headers }, at) => (headers.get('kind') === 'd' ? [] : [[at, at + 1]])),
    ),
  }),
})
`

const configuration = (directory: string, port: number) => `
sender.sources = r
sender.channels = c
sender.sinks = k
sender.sources.r.type = TAILDIR
sender.sources.r.channels = c
sender.sources.r.filegroups = a b c d
${['a', 'b', 'c', 'd']
  .map(
    (name) => `sender.sources.r.filegroups.${name} = ${directory}/watched/${name}\\\\.log.*
sender.sources.r.headers.${name}.kind = ${name}`,
  )
  .join('\n')}
sender.sources.r.batchSize = 20
sender.channels.c.type = file
sender.sinks.k.type = avro
sender.sinks.k.channel = c
sender.sinks.k.hostname = 127.0.0.1
sender.sinks.k.port = ${port}
sender.sinks.k.batch-size = 150

splitter.sources = r
splitter.channels = c1 c2
splitter.sinks = k1 k2
splitter.sources.r.type = avro
splitter.sources.r.bind = 127.0.0.1
splitter.sources.r.port = ${port}
splitter.sources.r.channels = c1 c2
splitter.sources.r.interceptors = f
splitter.sources.r.interceptors.f.type = ${directory}/no-d.mjs
splitter.sources.r.selector.type = multiplexing
splitter.sources.r.selector.header = kind
splitter.sources.r.selector.mapping.a = c1
splitter.sources.r.selector.mapping.b = c2
splitter.sources.r.selector.mapping.c = c1 c2
${[1, 2]
  .map(
    (number) => `splitter.channels.c${number}.type = file
splitter.sinks.k${number}.type = file_roll
splitter.sinks.k${number}.channel = c${number}
splitter.sinks.k${number}.sink.directory = ${directory}/out${number}
splitter.sinks.k${number}.sink.batchSize = 500`,
  )
  .join('\n')}
`

let directory: string | undefined
const running: Partial<Record<'sender' | 'splitter', SluiceProcess>> = {}

afterEach(async () => {
  await Promise.all(Object.values(running).map((one) => one.kill()))
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
})

it(`each line comes once into each channel that it is for, over ${kills} kills`, async () => {
  const place = (directory = mkdtempSync(join(tmpdir(), 'sluice-split-')))
  for (const name of ['watched', 'out1', 'out2']) mkdirSync(join(place, name))
  const file = join(place, 'flow.properties')
  writeFileSync(file, configuration(place, await unusedPort()))
  writeFileSync(join(place, 'no-d.mjs'), filter)
  const start = (agent: 'sender' | 'splitter') => {
    const data = join(place, agent)
    running[agent] = new SluiceProcess(['agent', '-n', agent, '-f', file, '--data-dir', data, '--no-reload-conf'])
  }
  const logs = ['a', 'b', 'c', 'd'].map((name) => new RotatingLog(join(place, 'watched'), name))
  const [a, b, c] = logs as [RotatingLog, RotatingLog, RotatingLog]
  start('splitter')
  start('sender')
  const over = new AbortController()
  const writing = (async () => {
    while (!over.signal.aborted) {
      // Few lines of each at a time: then what is sent is a mixture.
      for (let round = 0; round < 5; round++) for (const log of logs) log.append(1 + Math.floor(Math.random() * 15))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    }
  })()
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1200))
    const agent = kill % 4 === 3 ? 'sender' : 'splitter'
    await running[agent]?.kill()
    start(agent)
  }
  over.abort()
  await writing
  const into = [
    [join(place, 'out1'), [a, c]],
    [join(place, 'out2'), [b, c]],
  ] as const
  const collected = () => into.reduce((sum, [out]) => sum + collectedBytes(out), 0)
  const wanted = into.reduce((sum, [, of]) => of.reduce((bytes, log) => bytes + log.bytes, sum), 0)
  let most = -1
  for (let quiet = performance.now(); most < wanted && performance.now() - quiet < 20_000;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = collected()
    if (now > most) quiet = performance.now()
    most = Math.max(most, now)
  }
  for (const agent of [running.sender, running.splitter]) expect((await agent?.stop())?.code).toBe(0)
  for (const [out, of] of into)
    expect(await compare(out, of)).toEqual(allArrived(of.reduce((sum, log) => sum + log.lines, 0)))
  process.stdout.write(`${logs.reduce((sum, log) => sum + log.lines, 0)} lines over ${kills} kills\n`)
})
