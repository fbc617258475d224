/** The network cut without a word in the midst of batches, with TLS and compression between the tiers. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { allArrived, collectedBytes, compare } from '../integration/collected-lines.ts'
import { RotatingLog } from '../integration/rotating-log.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { makeAuthority, makeCertificate } from '../unit/certificates.ts'
import { endAddresses, linkMissing, NetworkLink } from './network-link.ts'
import { pause } from './network-tiers.ts'

const rounds = process.env.SLUICE_LONG === '1' ? 20 : 3
/** Any: the namespace has no other. */
const port = 4141
/** Milliseconds; the wire is cut for three times as long. */
const patience = 2000

const layers = {
  TLS: { tls: true, deflate: false, order: 'flume-1.10' },
  deflate: { tls: false, deflate: true, order: 'flume-1.10' },
  'TLS in deflate': { tls: true, deflate: true, order: 'flume-1.10' },
  'deflate in TLS': { tls: true, deflate: true, order: 'flume-1.9' },
} as const

const configuration = (folder: string, { tls, deflate, order }: (typeof layers)[keyof typeof layers]) => `
${tls ? `s.sinks.k.ssl = true\ns.sinks.k.truststore = ${folder}/ca.pem\nc.sources.r.ssl = true\nc.sources.r.keystore = ${folder}/server.pem` : ''}
${deflate ? 's.sinks.k.compression-type = deflate\nc.sources.r.compression-type = deflate' : ''}
s.sinks.k.compression-order = ${order}
c.sources.r.compression-order = ${order}
s.sources = r
s.channels = c
s.sinks = k
s.sources.r.type = TAILDIR
s.sources.r.filegroups = all
s.sources.r.filegroups.all = ${folder}/watched/a\\\\.log
s.sources.r.channels = c
s.channels.c.type = file
s.sinks.k.type = avro
s.sinks.k.channel = c
s.sinks.k.hostname = ${endAddresses[1]}
s.sinks.k.port = ${port}
s.sinks.k.batch-size = 1000
s.sinks.k.connect-timeout = ${patience}
s.sinks.k.request-timeout = ${patience}
c.sources = r
c.channels = c
c.sinks = k
c.sources.r.type = avro
c.sources.r.bind = ${endAddresses[1]}
c.sources.r.port = ${port}
c.sources.r.channels = c
c.channels.c.type = file
c.sinks.k.type = file_roll
c.sinks.k.channel = c
c.sinks.k.sink.directory = ${folder}/out
`

/** Sockets of a process to the port of the other end, whatever has become of the connection. */
function socketsTo(pid: number): number {
  const to = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set(
    readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[2]?.endsWith(to))
      .map((fields) => `socket:[${fields[9]}]`),
  )
  const opened = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // Closed between the two looks.
      return ''
    }
  })
  return opened.filter((target) => inodes.has(target)).length
}

describe.skipIf(linkMissing)(
  `the network between two tiers with layers${linkMissing === undefined ? '' : ` (${linkMissing})`}`,
  () => {
    for (const [name, layer] of Object.entries(layers))
      it.concurrent(
        `${name}: cut ${rounds} times in mid-batch, each line once, and no socket kept`,
        async ({ onTestFinished }) => {
          const folder = mkdtempSync(join(tmpdir(), 'sluice-layers-'))
          const link = await NetworkLink.open(folder)
          const running: SluiceProcess[] = []
          onTestFinished(async () => {
            for (const one of running) await one.kill()
            await link.close()
            rmSync(folder, { recursive: true, force: true })
          })
          for (const part of ['out', 'watched']) mkdirSync(join(folder, part))
          if (layer.tls) {
            makeAuthority(folder)
            makeCertificate(folder, 'server', `IP:${endAddresses[1]}`)
          }
          const file = join(folder, 'flow.properties')
          writeFileSync(file, configuration(folder, layer))
          const start = (agent: 's' | 'c', through: readonly string[]) => {
            const data = ['--data-dir', join(folder, agent)]
            const one = new SluiceProcess(['agent', '-n', agent, '-f', file, ...data, '--no-reload-conf'], { through })
            running.push(one)
            return one
          }
          const collector = start('c', link.at(1))
          const sender = start('s', link.at(0))
          const log = new RotatingLog(join(folder, 'watched'), 'a')
          const over = new AbortController()
          const writing = (async () => {
            while (!over.signal.aborted) {
              log.append(40)
              await pause(20)
            }
          })()
          const out = join(folder, 'out')
          await eventually('the first lines arrive', () => collectedBytes(out) > 0, 20_000)
          const healings: number[] = []
          const kept: number[] = []
          for (let round = 0; round < rounds; round++) {
            await pause(1000)
            // What is sent, answers, or both.
            if (round % 3 !== 1) await link.drop(0, 100)
            if (round % 3 !== 0) await link.drop(1, 100)
            await pause(3 * patience)
            kept.push(socketsTo(sender.pid))
            await link.heal()
            const { bytes } = log
            const begin = performance.now()
            await eventually(`all arrives after cut ${round + 1}`, () => collectedBytes(out) >= bytes, 10_000)
            healings.push(Math.round(performance.now() - begin))
          }
          over.abort()
          await writing
          await eventually('the last arrives', () => collectedBytes(out) >= log.bytes, 10_000)
          const { dropped } = await link.counts()
          expect(dropped[0] + dropped[1], 'the fault fired').toBeGreaterThan(3 * rounds)
          // While nothing passes: the attempt to connect, and no connection from before.
          expect(Math.max(...kept)).toBeLessThanOrEqual(3)
          expect(socketsTo(sender.pid)).toBe(1)
          for (const one of [sender, collector]) expect((await one.stop()).code).toBe(0)
          expect(await compare(out, [log])).toEqual(allArrived(log.lines))
          process.stdout.write(
            `${name}: cut ${rounds} times, ${dropped.join(' and ')} packets dropped, ${log.lines} lines once each, ` +
              `all that had been written by then ${healings.join(', ')} ms after it healed\n`,
          )
        },
      )
  },
)
