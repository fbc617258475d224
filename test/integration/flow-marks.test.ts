import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { memoryChannel } from '../../core/channel/memory/memory-channel-definition.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { AgentConfig } from '../../core/config/model.ts'
import { ControlClient } from '../../core/control/client.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { silentLog } from '../../core/log.ts'
import { batchOf, component, eventually, fileChannelConfig, flow, testRegistry } from '../agent/flow.ts'
import { ManualClock } from '../agent/manual-clock.ts'

let directory: string
const endings: (() => Promise<unknown>)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-marks-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true, force: true })
})

const memoryFlow = (capacity: number) =>
  flow({ channels: [component('c1', 'memory', memoryChannel.settings.parse({ capacity: String(capacity) }))] })

async function start(config: AgentConfig, clock: Clock = systemClock) {
  const parts = testRegistry()
  const paths = { dataDirectory: directory, baseDirectory: directory }
  const agent = new Agent({ config, registry: parts.registry, ...paths, log: silentLog, clock })
  await agent.start()
  endings.push(() => agent.stop())
  const client = new ControlClient(new ControlServer({ agent, log: silentLog }))
  const marks = () => client.call('marks', { from: 0, to: 1e15 })
  return { ...parts, agent, client, marks }
}

describe('an outage', () => {
  test('is forecast, told of in time and marked from its start to its end', async () => {
    const clock = new ManualClock()
    const { agent, client, marks, source, sink } = await start(memoryFlow(100_000), clock)
    let up = true
    sink('k1').onDeliver = () => (up ? Promise.resolve() : Promise.reject(new Error('connection refused')))
    const flowFor = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await source('r1').push(...Array.from({ length: 50 }, (_, index) => `event ${index}`))
        await clock.advance(1_000)
      }
    }
    const codes = () => agent.events({ limit: 50, acknowledged: false }).map(({ code }) => code)
    await flowFor(40)
    const calm = (await client.call('status', {})).channels[0]
    expect(calm?.forecast).toMatchObject({ full: null, drained: { seconds: 0 } })
    expect(await marks()).toMatchObject([
      { kind: 'begun', component: 'agent', text: 'the agent started for the first time' },
    ])

    up = false
    const downAt = clock.now()
    await flowFor(45)
    const down = (await client.call('status', {})).channels[0]
    const left = (100_000 - (down?.events ?? 0)) / 50
    expect(down?.forecast.full?.limit).toBe('events')
    expect(down?.forecast.full?.seconds).toBeGreaterThan(left * 0.9)
    expect(down?.forecast.full?.seconds).toBeLessThan(left * 1.1)
    expect(down?.forecast).toMatchObject({ drained: null, reason: 'nothing leaves: k1 waits for upstream' })
    expect(codes()).toContain('full-in-1h')
    expect(codes()).toContain('upstream-down')
    const told = agent.events({ limit: 50, acknowledged: false }).find(({ code }) => code === 'upstream-down')
    expect(told).toMatchObject({ component: 'sink:k1' })
    expect(told?.message).toMatch(/^upstream down since \S+Z: connection refused; [\d,]+ events wait$/)
    const open = (await marks()).find(({ kind }) => kind === 'outage')
    expect(open).toMatchObject({ component: 'sink:k1', code: 'upstream-down', text: 'connection refused', to: null })
    expect(Math.abs((open?.from ?? 0) - downAt)).toBeLessThan(3_000)

    up = true
    const upAt = clock.now()
    await flowFor(60)
    expect((await client.call('status', {})).channels[0]?.forecast.drained).toMatchObject({ seconds: 0 })
    const ended = (await marks()).find(({ kind }) => kind === 'outage')
    // The sink may have waited for its next attempt.
    expect(ended?.to).toBeGreaterThanOrEqual(upAt - 1_000)
    expect(ended?.to).toBeLessThan(upAt + 45_000)
    // Each was told once.
    expect(codes().filter((code) => code === 'full-in-1h')).toHaveLength(1)
    expect(codes().filter((code) => code === 'upstream-down')).toHaveLength(1)
  })
})

describe('a drain with a rate limit', () => {
  test('is forecast by what leaves, not by what came in before', async () => {
    const clock = new ManualClock()
    const { client, source } = await start(memoryFlow(100_000), clock)
    await client.call('pause', { component: 'k1' })
    for (let second = 0; second < 40; second++) {
      await source('r1').push(...Array.from({ length: 100 }, (_, index) => `event ${index}`))
      await clock.advance(1_000)
    }
    await client.call('resume', { component: 'k1' })
    await client.call('drain', { channel: 'c1', rate: 50 })
    for (let second = 0; second < 40; second++) await clock.advance(1_000)
    const channel = (await client.call('status', {})).channels[0]
    expect(channel?.events).toBeLessThan(3_000)
    expect(channel?.forecast.drained?.seconds).toBeGreaterThan(((channel?.events ?? 0) / 50) * 0.9)
    expect(channel?.forecast.drained?.seconds).toBeLessThan(((channel?.events ?? 0) / 50) * 1.15)
    expect(channel?.forecast.full).toBeNull()
  })
})

describe('a disk that runs low', () => {
  test('is told of before nothing is let in any more', async () => {
    const { bavail, bsize } = statfsSync(directory)
    const minimumRequiredSpace = Math.round((bavail * bsize) / 1.5)
    const { agent, source } = await start(flow({ channels: [fileChannelConfig('c1', { minimumRequiredSpace })] }))
    await source('r1').push('a')
    const told = () => agent.events({ limit: 10, acknowledged: false }).filter(({ code }) => code === 'disk-low')
    await eventually('the operator is told', () => told().length === 1)
    expect(told()[0]).toMatchObject({ component: 'channel:c1', count: 1 })
    expect(told()[0]?.message).toMatch(/^the disk runs low: [\d,]+ MB are free, and below [\d,]+ MB nothing is let in$/)
  })
})

describe('marks', () => {
  test('tell what the operator did and when a channel was full, over restarts', async () => {
    const channels = [fileChannelConfig('c1', { capacity: 2, transactionCapacity: 2, 'keep-alive': 0 })]
    const first = await start(flow({ channels }))
    await first.client.call('pause', { component: 'k1' })
    await first.client.call('setRate', { channel: 'c1', rate: 10 })
    await first.source('r1').push('a', 'b')
    const blocked = first.source('r1').context.channels.putPatiently(batchOf(['c']))
    blocked.catch(() => undefined)
    let kinds: string[] = []
    const look = () => void first.marks().then((marks) => (kinds = marks.map(({ kind }) => kind)))
    await eventually('the full channel is marked', () => (look(), kinds.includes('full')))
    const stoppedAt = Date.now()
    await first.agent.stop()

    const second = await start(flow({ channels }))
    const marks = await second.marks()
    const [paused, rate] = marks.filter(({ kind }) => kind === 'action')
    expect(paused).toMatchObject({ component: 'sink:k1', code: 'paused', text: 'paused by the operator' })
    expect(paused?.to).toBe(paused?.from)
    expect(rate).toMatchObject({ component: 'channel:c1', code: 'rate' })
    const full = marks.find(({ kind, to }) => kind === 'full' && to !== null)
    expect(full).toMatchObject({ component: 'channel:c1', code: 'SLUICE_CHANNEL_FULL' })
    expect(full?.to).toBeLessThanOrEqual(Date.now())
    const down = marks.findLast(({ kind }) => kind === 'down')
    expect(down).toMatchObject({ component: 'agent', text: 'the agent did not run' })
    expect(down?.from).toBeGreaterThanOrEqual(stoppedAt - 2_000)
    expect(down?.to).toBeGreaterThanOrEqual(down?.from ?? Infinity)
    expect(await second.client.call('marks', { from: 0, to: 1_000 })).toEqual([])
  })
})
