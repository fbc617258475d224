import { afterEach, describe, expect, it } from 'vitest'
import { allArrived, compare } from '../integration/collected-lines.ts'
import { TwoTiers, unusedPort } from '../integration/two-tiers.ts'

/** The forms that take minutes: `SLUICE_LONG=1 npm run torture`. Without it, shorter ones of the same. */
const long = process.env.SLUICE_LONG === '1'
const millions = long ? 8 : 1
const kills = long ? 100 : 20

describe('two tiers in two processes', () => {
  let tiers: TwoTiers | undefined
  afterEach(async () => {
    await tiers?.remove()
    tiers = undefined
  })

  it(`bring ${millions} million lines of four rotating files over, the collector killed in between`, async () => {
    tiers = new TwoTiers(await unusedPort(), ['a', 'b', 'c', 'd'])
    const lines = millions * 1_000_000
    await tiers.startCollector().says(/collecting/)
    const start = performance.now()
    await tiers.startRelay().says(/relaying/)
    const writing = tiers.write(lines / 4, lines / 16)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await tiers.collector?.kill()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    tiers.startCollector()
    await writing
    await tiers.arrived()
    const seconds = (performance.now() - start) / 1000
    expect(await compare(tiers.out, tiers.logs)).toEqual(allArrived(lines))
    process.stdout.write(
      `${lines} lines written, relayed and collected in ${seconds.toFixed(1)} s, a kill and its pause included: ` +
        `${Math.round(lines / seconds).toLocaleString('en')} lines/s\n`,
    )
    expect((await tiers.relay?.stop())?.code).toBe(0)
    expect((await tiers.collector?.stop())?.code).toBe(0)
  })

  it(`lose and double nothing over ${kills} kills of either at random moments under load`, async () => {
    tiers = new TwoTiers(await unusedPort(), ['a', 'b', 'c'])
    tiers.startCollector()
    tiers.startRelay()
    const over = new AbortController()
    const { logs } = tiers
    const writing = (async () => {
      while (!over.signal.aborted) {
        for (const log of logs) {
          log.append(1 + Math.floor(Math.random() * 400))
          if ((log.written.at(-1) ?? 0) > 30_000) log.rotate()
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      }
    })()
    for (let kill = 0; kill < kills; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1000))
      const both = Math.random() < 0.1
      if (both || kill % 2 === 0) await tiers.collector?.kill()
      if (both || kill % 2 === 1) await tiers.relay?.kill()
      if (!tiers.collector?.running) tiers.startCollector()
      if (!tiers.relay?.running) tiers.startRelay()
    }
    over.abort()
    await writing
    await tiers.arrived()
    await Promise.all([tiers.relay?.stop(), tiers.collector?.stop()])
    const result = await compare(tiers.out, tiers.logs)
    const { lines } = tiers
    expect({ ...result, received: await tiers.received() }).toEqual({
      ...allArrived(lines),
      received: { relay: lines, collector: lines },
    })
    process.stdout.write(`${tiers.lines} lines over ${kills} kills\n`)
  })
})
