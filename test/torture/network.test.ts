/**
 * The network between two tiers: cut without a word in one direction or both, lossy, slow and out of order, with peers whose
 * machines are gone, and with an address that never answers. Each test has a wire of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectedBytes } from '../integration/collected-lines.ts'
import { type End, endAddresses, linkMissing, nobody } from './network-link.ts'
import { pause, WiredTiers } from './network-tiers.ts'

const long = process.env.SLUICE_LONG === '1'
/** Longer than the sink waits for an answer, so that it gives up and connects anew while nothing passes. */
const cutFor = long ? 120_000 : 24_000
const deadPeers = long ? 1000 : 200

const cuts: readonly { readonly name: string; readonly from: readonly End[] }[] = [
  { name: 'what is sent does not arrive', from: [0] },
  { name: 'answers do not come back', from: [1] },
  { name: 'nothing passes', from: [0, 1] },
]

describe.skipIf(linkMissing)(
  `the network between two tiers${linkMissing === undefined ? '' : ` (${linkMissing})`}`,
  () => {
    for (const { name, from } of cuts)
      it.concurrent(
        `cut without a word, ${name}: each line once, and fresh ones as soon as it heals`,
        async (context) => {
          const wired = await WiredTiers.open(context)
          await wired.start()
          wired.write()
          await pause(2000)
          for (const end of from) await wired.link.drop(end, 100)
          const before = collectedBytes(wired.tiers.out)
          await pause(cutFor)
          const { dropped } = await wired.link.counts()
          // Cut both ways, an end that has nothing under way says nothing.
          const fired = from.reduce((sum: number, end) => sum + dropped[end], 0)
          expect(fired, 'the fault fired').toBeGreaterThan(2)
          expect(before).toBeLessThan(wired.tiers.bytes / 2)
          await wired.link.heal()
          const took = await wired.through('what is written by now arrives', 10_000)
          await wired.holdsAll()
          process.stdout.write(
            `cut for ${cutFor / 1000} s, ${name}: ${dropped.join(' and ')} packets dropped, ${wired.tiers.lines} lines ` +
              `once each, all that had been written by then ${Math.round(took)} ms after it healed\n`,
          )
        },
      )

    it.concurrent('lossy, slow, doubling and out of order: each line once and in order', async (context) => {
      const wired = await WiredTiers.open(context)
      await wired.link.drop(0, 5)
      await wired.link.drop(1, 5)
      await wired.link.delay(10, 30)
      await wired.link.duplicate(3)
      await wired.start()
      wired.write()
      await pause(long ? 300_000 : 12_000)
      await wired.written()
      const { tiers, link } = wired
      const took = await wired.through('everything arrives', 60_000)
      const { dropped, duplicated, overtaken, passed } = await link.counts()
      for (const count of [...dropped, duplicated, overtaken]) expect(count, 'the fault fired').toBeGreaterThan(5)
      await wired.holdsAll()
      process.stdout.write(
        `of ${passed[0] + passed[1]} packets that passed, ${overtaken} were overtaken and ${duplicated} doubled, ` +
          `${dropped[0] + dropped[1]} more were dropped: ${tiers.lines} lines once each and in order, the last after ${Math.round(took)} ms\n`,
      )
    })

    it.concurrent('a name whose first address never answers: what is written goes to the second', async (context) => {
      const hosts = (folder: string) => join(folder, 'hosts')
      const name = 'tier.sluice.test'
      const wired = await WiredTiers.open(context, (link, folder) => {
        writeFileSync(hosts(folder), `${nobody} ${name}\n${endAddresses[1]} ${name}\n`)
        const ownHosts = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts(folder)]
        const own = (end: End) => [...link.at(end), ...ownHosts]
        return { host: name, relayThrough: own(0), collectorThrough: own(1) }
      })
      await wired.start()
      wired.write()
      await pause(1000)
      const took = await wired.through('what is written by now arrives', 10_000)
      const { stray } = await wired.link.counts()
      expect(stray, 'the first address was tried').toBeGreaterThan(0)
      await wired.holdsAll()
      process.stdout.write(
        `the first address swallowed ${stray} packets, the second got all after ${Math.round(took)} ms\n`,
      )
    })

    it.concurrent('peers whose machines are gone: their connections end, and others come in', async (context) => {
      const wired = await WiredTiers.open(context)
      const { link, tiers } = wired
      await wired.start()
      const crowd: ChildProcess = spawn(
        link.at(0)[0] ?? '',
        [
          ...link.at(0).slice(1),
          ...[process.execPath, join(import.meta.dirname, 'network-crowd-child.ts')],
          ...[endAddresses[1], String(tiers.port), String(deadPeers)],
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      context.onTestFinished(() => void crowd.kill('SIGKILL'))
      await once(crowd.stdout!, 'data')
      // An answer that nobody has acknowledged is sent again for a quarter of an hour before the system gives a peer up.
      await pause(1000)
      /** Connections that the collector's system has: state 01 is established. */
      const open = () => {
        const local = `:${tiers.port.toString(16).toUpperCase().padStart(4, '0')} `
        const lines = readFileSync(`/proc/${tiers.collector?.pid}/net/tcp`, 'utf8').split('\n')
        return lines.filter((line) => line.includes(local) && / 01 /.test(line)).length
      }
      const crowded = open()
      expect(crowded, 'the fault fired').toBeGreaterThanOrEqual(deadPeers)
      await link.cut()
      crowd.kill('SIGKILL')
      await once(crowd, 'exit')
      const begin = performance.now()
      await pause(2000)
      // Whoever was there knows nothing of those connections any more, but nobody at this end has heard of it.
      await expect.poll(open, { timeout: 120_000, interval: 2000 }).toBe(0)
      const gone = performance.now() - begin
      await link.heal()
      wired.write()
      await pause(500)
      await wired.through('what is written by now arrives', 10_000)
      await wired.holdsAll()
      process.stdout.write(
        `${crowded} connections, ${deadPeers} of them dead: all gone after ${Math.round(gone / 1000)} s\n`,
      )
    })
  },
)
