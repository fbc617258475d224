import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import type { AgentConfig } from '../../core/config/model.ts'
import { silentLog } from '../../core/log.ts'
import { SluiceError } from '../../core/errors.ts'
import {
  batchOf,
  bodiesOf,
  component,
  eventually,
  fileChannelConfig,
  flow,
  sinkConfig,
  sourceConfig,
  testRegistry,
} from '../agent/flow.ts'

let directory: string
let agents: Agent[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-agent-'))
  agents = []
})
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  rmSync(directory, { recursive: true, force: true })
})

async function startAgent(config: AgentConfig, parts = testRegistry()) {
  const agent = new Agent({
    config,
    registry: parts.registry,
    dataDirectory: directory,
    baseDirectory: directory,
    log: silentLog,
  })
  agents.push(agent)
  await agent.start()
  return { agent, ...parts }
}

describe('a running agent', () => {
  test('passes events from source to sink in their order', async () => {
    const { source, sink } = await startAgent(flow())
    await source('r1').push('a', 'b')
    await source('r1').push('c')
    await eventually('all arrive', () => sink('k1').bodies.length === 3)
    expect(sink('k1').bodies).toEqual(['a', 'b', 'c'])
  })

  test('delivers again what a sink failed to deliver, after a growing delay', async () => {
    const { source, sink } = await startAgent(flow())
    let failures = 0
    sink('k1').onDeliver = () => (failures++ < 2 ? Promise.reject(new Error('no route to host')) : Promise.resolve())
    await source('r1').push('a', 'b')
    await eventually('they arrive', () => sink('k1').bodies.length === 2)
    expect(failures).toBe(3)
  })

  test('stops within 5 s while a sink hangs and ignores its signal', async () => {
    const { agent, source, sink } = await startAgent(flow())
    let reached = false
    sink('k1').onDeliver = () => {
      reached = true
      return new Promise(() => undefined)
    }
    await source('r1').push('a')
    await eventually('the sink has it', () => reached)
    const before = performance.now()
    await agent.stop()
    expect(performance.now() - before).toBeLessThan(5_000)
    const again = await startAgent(flow())
    await eventually('it arrives after the restart', () => again.sink('k1').bodies.length === 1)
  })

  test('keeps a second agent out of its folder and names the process', async () => {
    await startAgent(flow())
    await expect(startAgent(flow())).rejects.toMatchObject({
      code: 'SLUICE_AGENT_RUNNING',
      message: expect.stringContaining(`process ${process.pid}`) as unknown,
    })
  })

  test('starts nothing when a part cannot be made', async () => {
    const broken = flow({ sources: [sourceConfig('r1', ['c1'], component('r1', 'no such type'))] })
    await expect(startAgent(broken)).rejects.toMatchObject({ code: 'SLUICE_COMPONENT_LOAD' })
    await startAgent(flow())
  })

  test('restarts one source that broke and touches nothing else', async () => {
    const parts = testRegistry()
    const config = flow({ sources: [sourceConfig('r1', ['c1']), sourceConfig('r2', ['c1'])] })
    const { agent, source, sink } = await startAgent(config, parts)
    source('r1').context.reportFailure(new Error('its port was taken away'))
    await eventually('it is shown', () => agent.status().sources[0]?.text === 'failed: its port was taken away')
    await source('r2').push('meanwhile')
    await eventually('the other goes on', () => sink('k1').bodies.includes('meanwhile'))
    await eventually('it runs again', () => agent.status().sources[0]?.state === 'running')
    expect([source('r1').starts, source('r2').starts, sink('k1').starts]).toEqual([2, 1, 1])
    expect(agent.events({ limit: 10, acknowledged: false })[0]).toMatchObject({
      component: 'source:r1',
      message: 'its port was taken away',
    })
  })

  test('keeps several deliveries under way and acknowledges in order', async () => {
    const { agent, source, sink } = await startAgent(flow())
    const waiting: { bodies: string[]; done: () => void }[] = []
    sink('k1').concurrency = 3
    sink('k1').onDeliver = (lease) => new Promise((resolve) => waiting.push({ bodies: bodiesOf(lease), done: resolve }))
    for (const body of ['a', 'b', 'c', 'd']) {
      await source('r1').push(body)
      await eventually('it is taken', () => waiting.length >= Math.min(3, 'abcd'.indexOf(body) + 1))
    }
    expect(waiting.map(({ bodies }) => bodies)).toEqual([['a'], ['b'], ['c']])
    waiting[2]?.done()
    waiting[1]?.done()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(agent.ledger('c1')?.delivered).toBe(0)
    waiting[0]?.done()
    await eventually('three are acknowledged', () => agent.ledger('c1')?.delivered === 3)
    await eventually('the fourth follows', () => waiting.length === 4)
    waiting[3]?.done()
    await eventually('nothing is left', () => agent.ledger('c1')?.queued === 0)
  })

  test('quarantines exactly the events that the receiver refuses', async () => {
    const { agent, source, sink } = await startAgent(flow())
    sink('k1').onDeliver = (lease) =>
      bodiesOf(lease).some((body) => body.startsWith('bad'))
        ? Promise.reject(new SluiceError('SLUICE_REFUSED', 'mapping conflict'))
        : Promise.resolve()
    const bodies = Array.from({ length: 40 }, (_, index) => (index === 7 || index === 31 ? `bad${index}` : `${index}`))
    await source('r1').push(...bodies)
    await eventually('the rest is through', () => agent.ledger('c1')?.queued === 0)
    expect(sink('k1').bodies).toEqual(bodies.filter((body) => !body.startsWith('bad')))
    expect(agent.ledger('c1')).toMatchObject({ received: 40, delivered: 38, quarantined: 2 })
    expect(agent.status().sinks[0]?.quarantined).toBe(2)
    expect(agent.events({ limit: 1, acknowledged: false })[0]).toMatchObject({
      code: 'SLUICE_REFUSED',
      message: '1 event went into quarantine: mapping conflict',
    })
  })

  test('shows why a sink cannot deliver, and when it recovers', async () => {
    const { agent, source, sink } = await startAgent(flow())
    let up = false
    sink('k1').onDeliver = () => (up ? Promise.resolve() : Promise.reject(new Error('connection refused')))
    await source('r1').push('a')
    await eventually('it is shown', () => agent.status().sinks[0]?.text === 'waiting: upstream (connection refused)')
    up = true
    await eventually('it recovers', () => agent.status().sinks[0]?.state === 'running')
    expect(agent.events({ limit: 5, acknowledged: true }).map(({ code }) => code)).toEqual([
      'recovered',
      'SLUICE_INTERNAL',
    ])
  })

  test('shows a full channel at the source that waits for it', async () => {
    const channels = [fileChannelConfig('c1', { capacity: 2, transactionCapacity: 2, 'keep-alive': 1 })]
    const { agent, source, sink } = await startAgent(flow({ channels }))
    agent.pause('k1')
    await source('r1').push('a', 'b')
    const waiting = source('r1').context.channels.putPatiently(batchOf(['c']))
    await eventually('it is shown', () => agent.status().sources[0]?.state === 'waiting: channel full')
    await expect(source('r1').push('d')).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    agent.resume('k1')
    await waiting
    await eventually('they arrive', () => sink('k1').bodies.length === 3)
    expect(agent.status().sources[0]?.state).toBe('running')
  })

  test('shows a full disk as a state', async () => {
    const channels = [fileChannelConfig('c1', { minimumRequiredSpace: 2 ** 50, 'keep-alive': 0 })]
    const { agent, source } = await startAgent(flow({ channels }))
    await expect(source('r1').push('a')).rejects.toMatchObject({ code: 'SLUICE_DISK_FULL' })
    const { sources, channels: shown } = agent.status()
    expect([sources[0]?.state, shown[0]?.state]).toEqual(['paused: disk', 'paused: disk'])
    await eventually('the operator is told', () =>
      agent.events({ limit: 5, acknowledged: false }).some(({ code }) => code === 'SLUICE_DISK_FULL'),
    )
  })
})

describe('flow control', () => {
  test('a paused source refuses after keep-alive and lets patient puts wait', async () => {
    const channels = [fileChannelConfig('c1', { 'keep-alive': 0 })]
    const { agent, source, sink } = await startAgent(flow({ channels }), testRegistry())
    agent.pause('r1')
    expect(agent.status().sources[0]).toMatchObject({ command: 'paused', state: 'paused' })
    const patient = source('r1').context.channels.putPatiently(batchOf(['patient']))
    await expect(source('r1').push('a')).rejects.toMatchObject({ code: 'SLUICE_PAUSED' })
    agent.resume('r1')
    await patient
    await eventually('it arrives', () => sink('k1').bodies.length === 1)
  })

  test('a paused sink delivers nothing, and commands outlive a restart', async () => {
    const first = await startAgent(flow())
    first.agent.pause('k1')
    first.agent.setRate('c1', 500)
    await first.source('r1').push('a', 'b')
    await first.agent.stop()
    const { agent, sink } = await startAgent(flow())
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(sink('k1').bodies).toEqual([])
    expect(agent.status()).toMatchObject({
      sinks: [{ command: 'paused', state: 'paused' }],
      channels: [{ events: 2, rateLimit: 500 }],
    })
    agent.resume('k1')
    await eventually('they arrive', () => sink('k1').bodies.length === 2)
  })

  test('a drain pauses the sources, shows how far, and rests at zero until resumed', async () => {
    const { agent, source, sink } = await startAgent(flow())
    agent.pause('k1')
    await source('r1').push(...Array.from({ length: 300 }, (_, index) => String(index)))
    agent.drain('c1', 1_000)
    expect(agent.status().channels[0]).toMatchObject({
      state: 'draining',
      rateLimit: 1_000,
      drain: { total: 300, left: 300, done: false },
    })
    expect(agent.status().sources[0]?.text).toBe('paused (drain of c1)')
    const began = performance.now()
    agent.resume('k1')
    await eventually('it is drained', () => agent.status().channels[0]?.state === 'drained')
    expect(performance.now() - began).toBeGreaterThan(180)
    expect(sink('k1').bodies).toHaveLength(300)
    expect(() => agent.resume('r1')).toThrow(/resume the channel/)
    agent.resume('c1')
    expect(agent.status()).toMatchObject({ sources: [{ state: 'running' }], channels: [{ rateLimit: null }] })
    await source('r1').push('after')
    await eventually('it flows again', () => sink('k1').bodies.length === 301)
  })

  test('a drain goes on after a restart', async () => {
    const first = await startAgent(flow())
    first.agent.pause('k1')
    await first.source('r1').push('a')
    first.agent.drain('c1')
    await first.agent.stop()
    const { agent } = await startAgent(flow())
    expect(agent.status().channels[0]?.state).toBe('draining')
    expect(agent.status().sources[0]?.state).toBe('paused')
    agent.resume('k1')
    await eventually('it is drained', () => agent.status().channels[0]?.state === 'drained')
  })

  test('says what is meant where a name is wrong or not enough', async () => {
    const config = flow({ sources: [sourceConfig('x', ['c1'])], sinks: [sinkConfig('x', 'c1')] })
    const { agent } = await startAgent(config)
    expect(() => agent.pause('y')).toThrow(/no y in this agent: give one of source:x, channel:c1, sink:x/)
    expect(() => agent.pause('x')).toThrow(/source:x or sink:x/)
    expect(() => agent.pause('c1')).toThrow(/pause its sources or its sinks/)
    agent.pause('sink:x')
    expect(agent.status().sources[0]?.command).toBe('running')
    expect(agent.status().sinks[0]?.command).toBe('paused')
  })
})

describe('a changed configuration', () => {
  const sources = [sourceConfig('r1', ['c1']), sourceConfig('r2', ['c2'])]
  const channels = [fileChannelConfig('c1'), fileChannelConfig('c2')]
  const sinks = [sinkConfig('k1', 'c1'), sinkConfig('k2', 'c2')]
  const two = flow({ sources, channels, sinks })

  test('stops and starts its difference only', async () => {
    const { agent, source, sink, ...made } = await startAgent(two)
    const [r1, r2, k1, k2] = [source('r1'), source('r2'), sink('k1'), sink('k2')]
    const changed = sourceConfig('r2', ['c2'], { raw: { type: 'push', port: '2' } })
    await agent.apply({ ...two, sources: [sources[0] ?? changed, changed] })
    expect([r1, k1, k2].map((one) => [one.starts, one.stops])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ])
    expect(r2.stops).toBe(1)
    expect(source('r1')).toBe(r1)
    expect(source('r2')).not.toBe(r2)
    expect(made.sources).toHaveLength(3)
    await source('r2').push('through the new one')
    await eventually('it arrives', () => k2.bodies.length === 1)
  })

  test('keeps what is queued in a channel that is made anew', async () => {
    const { agent, source, sink } = await startAgent(two)
    agent.pause('k1')
    await source('r1').push('queued')
    const anew = [fileChannelConfig('c1', { transactionCapacity: 50 }), fileChannelConfig('c2')]
    await agent.apply({ ...two, channels: anew })
    expect(agent.status().channels[0]?.events).toBe(1)
    expect(agent.status().sinks[0]?.command).toBe('paused')
    agent.resume('k1')
    await eventually('it arrives', () => sink('k1').bodies.length === 1)
  })

  test('takes new limits without a restart', async () => {
    const { agent, source, ...made } = await startAgent(two)
    await agent.apply({ ...two, channels: [fileChannelConfig('c1', { capacity: 10_000 }), fileChannelConfig('c2')] })
    expect(agent.status().channels[0]?.capacity).toBe(10_000)
    expect([source('r1').starts, made.sources.length]).toEqual([1, 2])
  })

  test('is refused whole when a part of it cannot be made', async () => {
    const { agent, source, sink } = await startAgent(two)
    const broken = sourceConfig('r2', ['c2'], component('r2', 'no such type'))
    await expect(agent.apply({ ...two, sources: [broken] })).rejects.toMatchObject({ code: 'SLUICE_COMPONENT_LOAD' })
    expect(agent.config).toBe(two)
    await source('r2').push('still here')
    await eventually('it arrives', () => sink('k2').bodies.length === 1)
  })

  test('takes positions along when a source moves to another channel', async () => {
    const { agent, source } = await startAgent(two)
    const position = { key: 'r1/file', offset: 7, state: '{}' }
    await source('r1').context.channels.put(batchOf(['a']), { position })
    await agent.apply({ ...two, sources: [sourceConfig('r1', ['c2']), sourceConfig('r2', ['c2'])] })
    expect(source('r1').context.channels.position('r1/file')?.position).toEqual(position)
  })
})

describe('a sink group', () => {
  const sinks = [sinkConfig('k1', 'c1'), sinkConfig('k2', 'c1')]
  const group = (type: string, settings: object) =>
    flow({ sinks, sinkGroups: [{ name: 'g1', sinks: ['k1', 'k2'], processor: component('g1', type, settings) }] })

  test('fails over at once and comes back after the penalty', async () => {
    const config = group('failover', { 'priority.*': { k1: '10', k2: '5' }, maxpenalty: 300 })
    const { source, sink } = await startAgent(config)
    let down = true
    sink('k1').onDeliver = () => (down ? Promise.reject(new Error('down')) : Promise.resolve())
    await source('r1').push('a')
    await eventually('the other takes it', () => sink('k2').bodies.length === 1, 1_000)
    down = false
    await new Promise((resolve) => setTimeout(resolve, 1_400))
    await source('r1').push('b')
    await eventually('the best has it again', () => sink('k1').bodies.includes('b'))
  })

  test('shares the load', async () => {
    const config = group('load_balance', { selector: 'round_robin', backoff: true, 'selector.maxTimeOut': 30_000 })
    const { agent, source, sink } = await startAgent(config)
    for (let index = 0; index < 20; index++) {
      await source('r1').push(String(index))
      await eventually('it is delivered', () => agent.ledger('c1')?.queued === 0)
    }
    expect(sink('k1').bodies.length).toBeGreaterThan(5)
    expect(sink('k2').bodies.length).toBeGreaterThan(5)
  })

  test('goes on with the sinks that are not paused', async () => {
    const { agent, source, sink } = await startAgent(group('failover', { 'priority.*': { k1: '9' }, maxpenalty: 300 }))
    agent.pause('k1')
    await source('r1').push('a')
    await eventually('the other takes it', () => sink('k2').bodies.length === 1)
  })
})

describe('two channels of one source', () => {
  const channels = [
    fileChannelConfig('c1'),
    fileChannelConfig('c2', { capacity: 2, transactionCapacity: 2, 'keep-alive': 0 }),
  ]
  const config = flow({
    channels,
    sources: [sourceConfig('r1', ['c1', 'c2'])],
    sinks: [sinkConfig('k1', 'c1'), sinkConfig('k2', 'c2')],
  })

  test('a retry stores a batch only where it is missing', async () => {
    const { agent, source } = await startAgent(config)
    agent.pause('k1')
    agent.pause('k2')
    await source('r1').push('a', 'b')
    const batch = batchOf(['c'])
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(source('r1').context.channels.put(batch)).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    expect(agent.status().channels.map(({ events }) => events)).toEqual([3, 2])
    agent.resume('k2')
    await eventually('there is room', () => agent.ledger('c2')?.queued === 0)
    await source('r1').context.channels.put(batch)
    expect(agent.ledger('c1')?.received).toBe(3)
    expect(agent.ledger('c2')?.received).toBe(3)
  })

  test('after a restart reading goes on at the least position and nothing enters twice', async () => {
    const first = await startAgent(config)
    first.agent.pause('k1')
    first.agent.pause('k2')
    const at = (offset: number) => ({ position: { key: 'r1/file', offset, state: '{}' } })
    await first.source('r1').context.channels.put(batchOf(['a', 'b']), at(2))
    await expect(first.source('r1').context.channels.put(batchOf(['c']), at(3))).rejects.toBeDefined()
    await first.agent.stop()
    const { agent, source } = await startAgent(config)
    expect(source('r1').context.channels.position('r1/file')).toMatchObject({ position: { offset: 2 }, stops: [3] })
    agent.resume('k2')
    await eventually('there is room', () => agent.ledger('c2')?.queued === 0)
    await source('r1').context.channels.put(batchOf(['c']), at(3))
    await source('r1').context.channels.put(batchOf(['d']), at(4))
    expect(agent.ledger('c1')?.received).toBe(4)
    expect(agent.ledger('c2')?.received).toBe(4)
  })
})
