import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsck } from '../../core/channel/file/fsck.ts'
import { eventually } from '../agent/flow.ts'
import { temporaryFolder } from '../file-channel-rig.ts'
import { collectedFiles } from '../integration/collected-lines.ts'
import { LineClient } from '../integration/line-client.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'
import { DiskShim, shimMissing } from './disk-shim.ts'

let place: ReturnType<typeof temporaryFolder>
let agent: SluiceProcess | undefined
let clients: LineClient[]
let crowd: Socket[]
beforeEach(() => {
  place = temporaryFolder()
  clients = []
  crowd = []
})
afterEach(async () => {
  for (const client of clients) client.close()
  for (const socket of crowd) socket.destroy()
  await agent?.kill()
  agent = undefined
  place.remove()
})

/** Lines by a port into two file channels, each emptied into files of its own: below `out/one` and `out/two`. */
async function startAgent(environment: Record<string, string> = {}): Promise<number> {
  const port = await unusedPort()
  const branch = (name: string) => `
a.channels.${name}.type = file
a.sinks.${name}.type = file_roll
a.sinks.${name}.channel = ${name}
a.sinks.${name}.sink.directory = disk/out/${name}
a.sinks.${name}.sink.batchSize = 20
`
  const text = `
a.sources = r
a.channels = one two
a.sinks = one two
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = ${port}
a.sources.r.channels = one two
${branch('one')}${branch('two')}`
  for (const name of ['one', 'two']) fs.mkdirSync(path.join(place.folder, 'disk/out', name), { recursive: true })
  fs.writeFileSync(path.join(place.folder, 'a.properties'), text)
  agent = new SluiceProcess(['agent', '--conf-file', 'a.properties', '--name', 'a', '--data-dir', 'data'], {
    directory: place.folder,
    environment,
  })
  clients.push(await LineClient.connect(port))
  return port
}

const written = (name: string) =>
  collectedFiles(path.join(place.folder, 'disk/out', name)).flatMap((file) =>
    fs.readFileSync(file, 'utf8').split('\n').slice(0, -1),
  )

let asked: string[] = []
beforeEach(() => {
  asked = []
})
/** Sends lines, each of which the agent acknowledges. */
async function ask(client: LineClient, count: number): Promise<void> {
  for (; count > 0; count--) {
    const line = `line ${asked.length}`
    expect(await client.ask(line)).toBe('OK')
    asked.push(line)
  }
}

/** All that was acknowledged is in the files of both sinks, once and in order; the books of both channels agree. */
async function holdToAnswers(): Promise<void> {
  for (const name of ['one', 'two'])
    await eventually(`all lines are in ${name}`, () => written(name).length >= asked.length, 10_000)
  expect(await agent?.stop()).toMatchObject({ code: 0 })
  for (const name of ['one', 'two']) {
    expect(written(name)).toEqual(asked)
    const report = await fsck(path.join(place.folder, 'data/channels', name))
    expect(report).toMatchObject({ ok: true, ledger: { received: asked.length, delivered: asked.length, lost: 0 } })
  }
}

test.skipIf(process.platform !== 'linux')(
  'an agent that has no handles left: who is connected is served, what is new passes when there are some again',
  async () => {
    const port = await startAgent()
    const [client] = clients
    const pid = agent?.pid ?? 0
    await ask(client!, 20)
    const handles = () => fs.readdirSync(`/proc/${pid}/fd`).length
    const limit = handles() + 12
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:${limit}`])
    for (let number = 0; number < 100; number++)
      crowd.push(
        connect(port, '127.0.0.1')
          .on('error', () => undefined)
          .resume(),
      )
    await eventually('there is no handle left', () => handles() >= limit - 1)
    await eventually('some are turned away or wait', () =>
      crowd.some((socket) => socket.destroyed || socket.connecting || socket.readableEnded),
    )
    await ask(client!, 50)
    for (const socket of crowd.splice(0)) socket.destroy()
    const begin = performance.now()
    // Who came a moment too early is turned away, and tries again.
    for (let served = false; !served;) {
      expect(performance.now() - begin, 'milliseconds without an answer').toBeLessThan(10_000)
      const fresh = await LineClient.connect(port)
      clients.push(fresh)
      served = await ask(fresh, 1).then(
        () => true,
        () => false,
      )
    }
    await holdToAnswers()
  },
)

test.skipIf(shimMissing)(
  'a sink whose disk is full: its channel keeps what comes, the other sink goes on, and all arrives when there is room',
  async () => {
    const shim = new DiskShim(place.folder)
    await startAgent({ ...shim.environment, SHIM_LOG: '' })
    const [client] = clients
    await ask(client!, 20)
    await eventually('both have all', () => written('one').length === 20 && written('two').length === 20)
    shim.rule({ call: 'any', part: '/out/one/', count: 1_000_000, error: 'ENOSPC' })
    await ask(client!, 60)
    await eventually('the other sink goes on', () => written('two').length === 80, 10_000)
    await eventually('the disk refused', () => shim.fired().length > 0)
    expect(written('one').length).toBeLessThan(80)
    shim.rule()
    const begin = performance.now()
    await ask(client!, 1)
    await eventually('the fresh line arrives', () => written('one').includes('line 80'), 10_000)
    process.stdout.write(
      `${shim.fired().length} refused writes; all came ${Math.round(performance.now() - begin)} ms after there was room\n`,
    )
    await holdToAnswers()
  },
)
