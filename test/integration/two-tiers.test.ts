import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { allArrived, collectedFiles, compare } from './collected-lines.ts'
import { LineClient } from './line-client.ts'
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

  it('keep every line that a port has acknowledged through kill -9 and an absent collector', async () => {
    tiers = new TwoTiers(await unusedPort(), [])
    const port = await unusedPort()
    const acknowledged: string[] = []
    for (let life = 0; life < 4; life++) {
      const relay = tiers.startRelay('--listen', `netcat:${port}`)
      const client = await LineClient.connect(port)
      const writing = (async () => {
        for (let line = 0; ; line++) {
          const text = `life ${life} line ${line}`
          if ((await client.ask(text)) !== 'OK') return
          acknowledged.push(text)
        }
      })()
      const cutOff = expect(writing).rejects.toThrow('no answer')
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 400))
      await relay.kill()
      await cutOff
      client.close()
    }
    expect(acknowledged.length).toBeGreaterThan(50)
    tiers.startRelay()
    tiers.startCollector()
    const { out } = tiers
    const arrived = () => collectedFiles(out).flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    await expect.poll(() => arrived().includes(acknowledged.at(-1) ?? ''), { timeout: 20_000 }).toBe(true)
    const lines = arrived()
    expect(acknowledged.filter((text) => !lines.includes(text))).toEqual([])
    // A line whose answer was cut off may be there too, but nothing is there twice.
    expect(new Set(lines).size).toBe(lines.length)
  })
})
