import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { SleepWatch } from '../../core/agent/sleep-watch.ts'
import { memoryChannel } from '../../core/channel/memory/memory-channel-definition.ts'
import { silentLog } from '../../core/log.ts'
import { component, flow, testRegistry } from '../agent/flow.ts'
import { ManualClock } from '../agent/manual-clock.ts'

const hour = 3_600_000

/** Its wall clock goes on while the machine sleeps; its monotonic one stands still, as Linux has it. */
class SleepyClock extends ManualClock {
  #slept = 0

  override now(): number {
    return super.now() + this.#slept
  }

  sleepFor(milliseconds: number): void {
    this.#slept += milliseconds
  }
}

describe('a sleep of the machine', () => {
  test('is a wall clock that is ahead of the monotonic one, or what the system says, once', async () => {
    const clock = new SleepyClock()
    const watch = new SleepWatch(clock)
    expect(watch.look()).toBeUndefined()
    await clock.advance(60_000)
    expect(watch.look()).toBeUndefined()
    const from = clock.now()
    clock.sleepFor(2 * hour)
    expect(watch.look()).toEqual({ from, to: from + 2 * hour, announced: false })
    expect(watch.look()).toBeUndefined()
    // The system tells of the same sleep a moment later.
    expect(watch.awake(from)).toBeUndefined()
    const second = clock.now()
    clock.sleepFor(hour)
    expect(watch.awake(second)).toEqual({ from: second, to: second + hour, announced: true })
    expect(watch.look()).toBeUndefined()
    // Set back, or put right by a little.
    clock.sleepFor(-3 * hour)
    expect(watch.look()).toBeUndefined()
    clock.sleepFor(5_000)
    expect(watch.look()).toBeUndefined()
  })
})

describe('an agent whose machine slept', () => {
  let directory: string
  let agent: Agent
  const clock = new SleepyClock()
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-sleep-'))
  })
  afterEach(async () => {
    await agent.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  test('tries its peers at once, marks the gap, and takes it for no outage, rate or forecast', async () => {
    const channels = [component('c1', 'memory', memoryChannel.settings.parse({ capacity: '100000' }))]
    const parts = testRegistry()
    const paths = { dataDirectory: directory, baseDirectory: directory }
    agent = new Agent({ config: flow({ channels }), registry: parts.registry, ...paths, log: silentLog, clock })
    await agent.start()
    let up = true
    let tries = 0
    parts.sink('k1').onDeliver = () => {
      tries++
      return up ? Promise.resolve() : Promise.reject(new Error('connection refused'))
    }
    const flowFor = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await parts.source('r1').push(...Array.from({ length: 50 }, (_, index) => `event ${index}`))
        await clock.advance(1_000)
      }
    }
    const codes = () => agent.events({ limit: 50, acknowledged: true }).map(({ code }) => code)
    const channel = () => agent.status().channels[0]
    await flowFor(40)
    up = false
    // Long enough for a forecast and for a delay of seconds between tries, too short for an alarm.
    await flowFor(25)
    expect(channel()?.forecast.full).not.toBeNull()
    const [from, before] = [clock.now(), tries]
    clock.sleepFor(5 * hour)
    await clock.advance(1_000)
    expect(tries).toBeGreaterThan(before)
    const slept = agent.marks(0, 1e15, 100).find(({ kind }) => kind === 'slept')
    expect(slept).toMatchObject({
      component: 'agent',
      text: expect.stringMatching(/^the machine slept for 5 h/) as string,
    })
    expect(Math.abs((slept?.from ?? 0) - from)).toBeLessThan(2_000)
    expect(Math.abs((slept?.to ?? 0) - clock.now())).toBeLessThan(2_000)
    expect(codes()).toContain('slept')
    expect(agent.events({ limit: 50, acknowledged: false }).map(({ code }) => code)).not.toContain('upstream-down')
    expect(channel()?.forecast.full).toBeNull()
    expect(channel()?.forecast.reason).toMatch(/not known yet/)
    const outage = agent.marks(0, 1e15, 100).find(({ kind }) => kind === 'outage')
    expect(outage?.to).toBeLessThanOrEqual(from)
    await flowFor(20)
    // The outage goes on, so it is told of in its time, counted from when the machine woke.
    expect(codes()).not.toContain('upstream-down')
    await flowFor(20)
    expect(codes()).toContain('upstream-down')
    const forecast = channel()?.forecast.full
    const left = (100_000 - (channel()?.events ?? 0)) / 50
    expect(forecast?.seconds).toBeGreaterThan(left * 0.8)
    expect(forecast?.seconds).toBeLessThan(left * 1.2)
    // A peer that is back while the agent would wait for half a minute is found as soon as the machine is awake.
    await flowFor(60)
    up = true
    agent.awake(clock.now())
    await clock.advance(100)
    expect(channel()?.events).toBe(0)
  })
})
