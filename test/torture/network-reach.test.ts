/** Getting through to the next tier: over a slow link when its name has a dead address, and after a long silence of the network. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectedBytes } from '../integration/collected-lines.ts'
import { endAddresses, linkMissing, noNeighbour } from './network-link.ts'
import { pause, WiredTiers } from './network-tiers.ts'

/** Of one way: there and back takes longer than Node gives an address. */
const slow = 200
/** Milliseconds for which nothing passes: 33 s are in the midst of an attempt to connect, six minutes beyond the first retries. */
const silences = process.env.SLUICE_LONG === '1' ? [33_000, 45_000, 360_000] : [33_000]

describe.skipIf(linkMissing)(
  `getting through to the next tier${linkMissing === undefined ? '' : ` (${linkMissing})`}`,
  () => {
    it.concurrent('a name whose last address is dead, over a slow link: the first gets it', async (context) => {
      const hosts = (folder: string) => join(folder, 'hosts')
      const name = 'tier.sluice.test'
      const wired = await WiredTiers.open(context, (link, folder) => {
        writeFileSync(hosts(folder), `${endAddresses[1]} ${name}\n${noNeighbour} ${name}\n`)
        const ownHosts = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts(folder)]
        return { host: name, relayThrough: [...link.at(0), ...ownHosts], bind: endAddresses[1] }
      })
      await wired.link.delay(slow, 0)
      await wired.start()
      wired.write()
      await pause(1000)
      const took = await wired.through('what is written by now arrives', 10_000)
      const { stray } = await wired.link.counts()
      expect(stray, 'the dead address was tried').toBeGreaterThan(0)
      await wired.holdsAll()
      process.stdout.write(
        `${2 * slow} ms there and back, the last address swallowed ${stray} packets: all through the first after ` +
          `${Math.round(took)} ms\n`,
      )
    })

    for (const silence of silences)
      it.concurrent(
        `${silence / 1000} s of silence: what is fresh gets through as soon as it heals`,
        async (context) => {
          const wired = await WiredTiers.open(context)
          await wired.start()
          wired.write()
          await pause(2000)
          await wired.link.cut()
          const before = collectedBytes(wired.tiers.out)
          await pause(silence)
          const { dropped } = await wired.link.counts()
          expect(dropped[0], 'the fault fired').toBeGreaterThan(5)
          expect(before).toBeLessThan(wired.tiers.bytes / 2)
          await wired.link.heal()
          const took = await wired.through('what is written by now arrives', silence < 40_000 ? 5000 : 10_000)
          await wired.holdsAll()
          process.stdout.write(
            `${silence / 1000} s of silence, ${dropped[0]} packets dropped: ${wired.tiers.lines} lines once each, all that ` +
              `had been written by then ${Math.round(took)} ms after it healed\n`,
          )
        },
      )
  },
)
