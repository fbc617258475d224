import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { allArrived, collectedBytes, compare } from '../integration/collected-lines.ts'
import { type TierPlaces, TwoTiers, unusedPort } from '../integration/two-tiers.ts'
import { endAddresses, NetworkLink } from './network-link.ts'

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A relay at one end of a wire, a collector at the other, and lines that come all the time. */
export class WiredTiers {
  readonly link: NetworkLink
  readonly tiers: TwoTiers
  #writing: Promise<void> | undefined
  #ended = false

  private constructor(link: NetworkLink, tiers: TwoTiers) {
    this.link = link
    this.tiers = tiers
  }

  static async open(
    { onTestFinished }: TestContext,
    places: (link: NetworkLink, folder: string) => Partial<TierPlaces> = () => ({}),
  ): Promise<WiredTiers> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-wire-'))
    const link = await NetworkLink.open(folder)
    const tiers = new TwoTiers(await unusedPort(), ['a', 'b'], {
      host: endAddresses[1],
      relayThrough: link.at(0),
      collectorThrough: link.at(1),
      ...places(link, folder),
    })
    const wired = new WiredTiers(link, tiers)
    onTestFinished(async () => {
      wired.#ended = true
      await wired.#writing
      await tiers.remove()
      await link.close()
      rmSync(folder, { recursive: true, force: true })
    })
    return wired
  }

  async start(): Promise<void> {
    await this.tiers.startCollector().says(/collecting/)
    await this.tiers.startRelay().says(/relaying/)
  }

  /** Lines come until `written`. */
  write(): void {
    this.#writing = (async () => {
      while (!this.#ended) {
        for (const log of this.tiers.logs) log.append(20)
        await pause(20)
      }
    })()
  }

  async written(): Promise<void> {
    this.#ended = true
    await this.#writing
  }

  /** Resolves with the milliseconds until everything that is written by now has arrived. */
  async through(what: string, within: number): Promise<number> {
    const { bytes, out } = this.tiers
    const begin = performance.now()
    await eventually(what, () => collectedBytes(out) >= bytes, within)
    return performance.now() - begin
  }

  /** Each line of the logs once, in order, and no more in any channel. */
  async holdsAll(): Promise<void> {
    await this.written()
    const { tiers } = this
    await tiers.arrived()
    await Promise.all([tiers.relay?.stop(), tiers.collector?.stop()])
    const { lines } = tiers
    expect({ ...(await compare(tiers.out, tiers.logs)), received: await tiers.received() }).toEqual({
      ...allArrived(lines),
      received: { relay: lines, collector: lines },
    })
  }
}
