/**
 * Trouble with names: of two next tiers one has a name that no server answers for, the other one that moves, is not there
 * yet, or has several addresses of which the first is dead. Neither keeps the other waiting, nothing is lost.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { temporaryFolder } from '../file-channel-rig.ts'
import { LineClient } from '../integration/line-client.ts'
import { unusedPort } from '../integration/two-tiers.ts'
import { avroPairs, bodies } from '../unit/avro-pair.ts'
import { NameServer } from './name-server.ts'

/** Of this test's own: resolv.conf names no port. */
const serverAddress = '127.86.53.1'
const ownNames = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"']
const long = process.env.SLUICE_LONG === '1'

const missing: string | undefined = (() => {
  if (process.platform !== 'linux') return 'namespaces need Linux'
  if (process.getuid?.() !== 0) return 'a resolv.conf of its own needs root'
  try {
    const [command = '', ...rest] = ownNames
    execFileSync(command, [...rest, '/etc/resolv.conf', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'this machine lets nobody have a resolv.conf of his own'
  }
})()

const { source: receiver } = avroPairs()
let place: ReturnType<typeof temporaryFolder>
let names: NameServer
let agent: ChildProcess | undefined
let client: LineClient | undefined
beforeEach(async () => {
  place = temporaryFolder()
  names = new NameServer()
  if (missing === undefined) await names.listen(serverAddress)
})
afterEach(async () => {
  client?.close()
  if (agent?.exitCode === null && agent.signalCode === null) {
    agent.kill('SIGKILL')
    await once(agent, 'close')
  }
  if (missing === undefined) await names.close()
  place.remove()
})

async function startAgent(ports: Record<'live' | 'dead', number>): Promise<LineClient> {
  const lines = await unusedPort()
  const sink = (name: 'live' | 'dead') => `
a.channels.${name}.type = file
a.sinks.${name}.type = avro
a.sinks.${name}.channel = ${name}
a.sinks.${name}.hostname = ${name}.sluice.test
a.sinks.${name}.port = ${ports[name]}
a.sinks.${name}.connect-timeout = ${name === 'dead' ? 1000 : 5000}
`
  const text = `
a.sources = r
a.channels = live dead
a.sinks = live dead
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = ${lines}
a.sources.r.channels = live dead
${sink('live')}${sink('dead')}`
  fs.writeFileSync(path.join(place.folder, 'a.properties'), text)
  fs.writeFileSync(path.join(place.folder, 'resolv.conf'), `nameserver ${serverAddress}\n`)
  const [command = '', ...rest] = ownNames
  const entry = path.join(import.meta.dirname, '../../core/cli/sluice.ts')
  const options = ['agent', '--conf-file', 'a.properties', '--name', 'a', '--data-dir', 'data', '--no-reload-conf']
  agent = spawn(command, [...rest, path.join(place.folder, 'resolv.conf'), process.execPath, entry, ...options], {
    cwd: place.folder,
    stdio: 'ignore',
  })
  return (client = await LineClient.connect(lines))
}

test.skipIf(missing)(
  'a name that no server answers for, and one that moves: what is fresh passes at once',
  async () => {
    const { answers, asked } = names
    answers.set('dead.sluice.test', 'nothing')
    answers.set('live.sluice.test', 'no such name')
    const ports = { live: await unusedPort(), dead: await unusedPort() }
    const arrived: Record<'live' | 'dead', string[]> = { live: [], dead: [] }
    const receive = (at: 'live' | 'dead', bind: string) =>
      receiver(
        (batch) => {
          arrived[at].push(...bodies(batch))
          return Promise.resolve()
        },
        { bind, port: String(ports[at]) },
      )
    const lines = await startAgent(ports)
    /** Lines whose sender was told OK. */
    const stored: string[] = []
    const write = async (line: string) => {
      expect(await lines.ask(line)).toBe('OK')
      stored.push(line)
    }
    const passes = async (line: string) => {
      await write(line)
      const begin = performance.now()
      await eventually(`${line} arrives`, () => arrived.live.includes(line), 10_000)
      process.stdout.write(`${line}: ${Math.round(performance.now() - begin)} ms\n`)
    }

    const first = await receive('live', '127.0.0.2')
    await write('before there is a name')
    await eventually('both names are asked for', () => asked.size === 2, 10_000)
    // Retries pile up behind a name that nobody answers for.
    await new Promise((resolve) => setTimeout(resolve, long ? 60_000 : 5000))
    answers.set('live.sluice.test', ['127.0.0.2'])
    await passes('the name is there')

    answers.set('live.sluice.test', ['127.0.0.3'])
    const second = await receive('live', '127.0.0.3')
    await first.source.stop()
    await passes('the name has moved')

    answers.set('live.sluice.test', ['127.0.0.9', '127.0.0.4'])
    await receive('live', '127.0.0.4')
    await second.source.stop()
    await passes('the first of two addresses is dead')

    expect(arrived.dead).toEqual([])
    expect(asked.get('dead.sluice.test'), 'the fault fired').toBeGreaterThan(1)
    await receive('dead', '127.0.0.5')
    answers.set('dead.sluice.test', ['127.0.0.5'])
    const begin = performance.now()
    await write('everything is well')
    await eventually('the other arrives', () => arrived.dead.includes('everything is well'), 30_000)
    process.stdout.write(`the other: ${Math.round(performance.now() - begin)} ms\n`)
    for (const at of ['live', 'dead'] as const) {
      await eventually(`all of ${at}`, () => stored.every((line) => arrived[at].includes(line)), 10_000)
      expect([...new Set(arrived[at])], at).toEqual(stored)
    }
  },
)
