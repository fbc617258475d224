/**
 * A machine with many senders dies without a word: some of them idle, some in the midst of a call, some with an answer on
 * its way to them. Its connections take every place of the port. A sender that is alive finds one, and none is kept.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { allArrived, collectedBytes, compare } from '../integration/collected-lines.ts'
import { RotatingLog } from '../integration/rotating-log.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { endAddresses, linkMissing, NetworkLink } from './network-link.ts'
import { pause } from './network-tiers.ts'

const senders = process.env.SLUICE_LONG === '1' ? 990 : 200
/** Any: the namespace has no other. */
const port = 4141
const monitoringPort = 4142
/** Milliseconds of one way, so that a call is on its way while the wire is cut behind it. */
const slow = 1000

const configuration = (directory: string) => `
a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = avro
a.sources.r.bind = ${endAddresses[1]}
a.sources.r.port = ${port}
a.sources.r.maxConnections = ${senders}
a.sources.r.channels = c
a.channels.c.type = file
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = ${directory}/out
`

describe.skipIf(linkMissing)(
  `a machine that dies with its connections${linkMissing === undefined ? '' : ` (${linkMissing})`}`,
  () => {
    it(`${senders} connections that nobody ends: another sender comes in, and none is kept`, async ({
      onTestFinished,
    }) => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-half-open-'))
      const link = await NetworkLink.open(folder)
      const children: { kill: (signal: 'SIGKILL') => unknown }[] = []
      onTestFinished(async () => {
        for (const child of children) await child.kill('SIGKILL')
        await link.close()
        rmSync(folder, { recursive: true, force: true })
      })
      for (const name of ['out', 'watched']) mkdirSync(join(folder, name))
      writeFileSync(join(folder, 'a.properties'), configuration(folder))
      const there = link.at(1)
      const collector = new SluiceProcess(
        [
          ...['agent', '-n', 'a', '-f', join(folder, 'a.properties'), '--data-dir', join(folder, 'data')],
          ...['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${monitoringPort}`],
        ],
        { through: there },
      )
      children.push(collector)
      const open = async (): Promise<number> => {
        const ask = `fetch('http://127.0.0.1:${monitoringPort}/metrics').then((answer) => answer.text()).then(console.log)`
        const { stdout } = await promisify(execFile)(there[0]!, [...there.slice(1), process.execPath, '-e', ask])
        return Number(/"OpenConnectionCount":"?(\d+)/.exec(stdout)?.[1])
      }
      const listens = async () => (await open().catch(() => NaN)) === 0
      for (const end = performance.now() + 20_000; !(await listens()) && performance.now() < end;) await pause(200)

      const crowd: ChildProcess = spawn(
        'nsenter',
        [
          ...link.at(0).slice(1),
          ...[process.execPath, join(import.meta.dirname, 'network-dying-child.ts')],
          ...[endAddresses[1], String(port), String(senders)],
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      children.push(crowd)
      await once(crowd.stdout!, 'data')
      expect(await open()).toBe(senders)
      await link.delay(slow, 0)
      crowd.stdin?.write('send\n')
      await once(crowd.stdout!, 'data')
      await pause(slow / 3)
      await link.cut()
      crowd.kill('SIGKILL')
      const begin = performance.now()
      await pause(2 * slow)
      /** Connections with bytes that nobody acknowledges. */
      const table = readFileSync(`/proc/${collector.pid}/net/tcp`, 'latin1')
      const unacknowledged = table.match(/ 01 [\dA-F]{7}[1-9A-F]:/g)?.length ?? 0
      expect(unacknowledged, 'answers were on their way').toBeGreaterThan(senders / 4)
      expect(await open(), 'every place is taken').toBe(senders)

      const log = new RotatingLog(join(folder, 'watched'), 'alive')
      log.append(100)
      const relay = new SluiceProcess(
        [
          ...['relay', '--watch', join(folder, 'watched'), '--to', `${endAddresses[1]}:${port}`],
          ...['--data-dir', join(folder, 'relay')],
        ],
        { through: there },
      )
      children.push(relay)
      const since = performance.now()
      const out = join(folder, 'out')
      await eventually('the living sender gets through', () => collectedBytes(out) >= log.bytes, 20_000)
      const came = performance.now() - since
      let left = await open()
      while (left > 1 && performance.now() - begin < 70_000) {
        await pause(1000)
        left = await open()
      }
      const gone = performance.now() - begin
      const { dropped } = await link.counts()
      expect(dropped[1], 'the fault fired').toBeGreaterThan(senders)
      expect(left, 'the living one alone is left').toBe(1)
      log.append(100)
      await eventually('what is fresh passes', () => collectedBytes(out) >= log.bytes, 10_000)
      expect((await relay.stop()).code).toBe(0)
      expect((await collector.stop()).code).toBe(0)
      expect(await compare(out, [log])).toEqual(allArrived(log.lines))
      process.stdout.write(
        `${senders} connections of a dead machine, ${unacknowledged} with an answer under way: a living sender got in ` +
          `after ${Math.round(came)} ms, all dead ones were gone after ${Math.round(gone / 1000)} s, ` +
          `${dropped[1]} packets dropped\n`,
      )
    })
  },
)
