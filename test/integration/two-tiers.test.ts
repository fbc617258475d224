import { afterEach, describe, expect, it } from 'vitest'
import { allArrived, compare } from './collected-lines.ts'
import { TwoTiers, unusedPort } from './two-tiers.ts'

describe('two tiers in two processes', () => {
  let tiers: TwoTiers | undefined
  afterEach(async () => {
    await tiers?.remove()
    tiers = undefined
  })

  it('bring 200,000 lines of four rotating files over once and in order, the collector killed in between', async () => {
    tiers = new TwoTiers(await unusedPort(), ['a', 'b', 'c', 'd'])
    await tiers.startCollector().says(/collecting/)
    await tiers.startRelay().says(/relaying/)
    const writing = tiers.write(50_000, 12_000, 5)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await tiers.collector?.kill()
    await writing
    tiers.startCollector()
    await tiers.arrived()
    expect(tiers.lines).toBe(200_000)
    expect(await compare(tiers.out, tiers.logs)).toEqual(allArrived(200_000))
    expect((await tiers.relay?.stop())?.code).toBe(0)
    expect((await tiers.collector?.stop())?.code).toBe(0)
    expect(await compare(tiers.out, tiers.logs)).toEqual(allArrived(200_000))
  })

  it('lose and double nothing when either is killed at random moments under load', async () => {
    tiers = new TwoTiers(await unusedPort(), ['a', 'b'])
    tiers.startCollector()
    tiers.startRelay()
    const writing = tiers.write(50_000, 20_000, 60)
    for (let kill = 0; kill < 10; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 500))
      if (kill % 2 === 0) {
        await tiers.collector?.kill()
        tiers.startCollector()
      } else {
        await tiers.relay?.kill()
        tiers.startRelay()
      }
    }
    await writing
    await tiers.arrived()
    expect(await compare(tiers.out, tiers.logs)).toEqual(allArrived(tiers.lines))
  })
})
