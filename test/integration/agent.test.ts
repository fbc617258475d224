import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import type { AgentConfig } from '../../core/config/model.ts'
import { silentLog } from '../../core/log.ts'
import { eventually, flow, testRegistry } from '../agent/flow.ts'

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
})
