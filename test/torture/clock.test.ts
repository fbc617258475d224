import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import type { Clock } from '../../core/clock.ts'
import { SluiceError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { eventually, fileChannelConfig, flow, testRegistry } from '../agent/flow.ts'
import { settle } from '../agent/manual-clock.ts'

const hour = 3_600_000
const day = 24 * hour

/**
 * A wall clock that a test sets, over a monotonic time that only goes on. It moves in leaps: whoever sleeps wakes behind
 * the leap that passed his time, so that days pass in seconds.
 */
class LeapingClock implements Clock {
  #monotonic = 1_000_000
  #sleeping: { readonly at: number; readonly wake: () => void }[] = []
  /** What the wall clock is off by. */
  step = 0

  now(): number {
    return 1_800_000_000_000 + this.#monotonic + this.step
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { at: this.#monotonic + milliseconds, wake: resolve }
      this.#sleeping.push(sleeper)
      const over = () => {
        this.#sleeping = this.#sleeping.filter((one) => one !== sleeper)
        resolve()
      }
      if (signal?.aborted) over()
      else signal?.addEventListener('abort', over, { once: true })
    })
  }

  /** Goes on by `milliseconds` in so many leaps, and lets what wakes, and the channel's worker, do its work. */
  async pass(milliseconds: number, leaps: number): Promise<void> {
    for (let leap = 0; leap < leaps; leap++) {
      this.#monotonic += milliseconds / leaps
      const due = this.#sleeping.filter(({ at }) => at <= this.#monotonic)
      this.#sleeping = this.#sleeping.filter(({ at }) => at > this.#monotonic)
      for (const { wake } of due) wake()
      await settle()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
}

let directory: string
const endings: (() => unknown)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-clock-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true, force: true })
})

async function start(capacity: number) {
  const { registry, source, sink } = testRegistry()
  const clock = new LeapingClock()
  const config = flow({ channels: [fileChannelConfig('c1', { capacity, transactionCapacity: 100, 'keep-alive': 1 })] })
  const agent = new Agent({ config, registry, log: silentLog, clock, ...folders() })
  await agent.start()
  let ended = false
  endings.push(async () => {
    const stopping = agent.stop().then(() => (ended = true))
    // What waits for the clock, waits for us.
    while (!ended) await clock.pass(1000, 1)
    await stopping
  })
  return { agent, clock, source: () => source('r1'), sink: () => sink('k1') }
}

const folders = () => ({ dataDirectory: directory, baseDirectory: directory })

test('an outage of four days: the channel fills, refuses, and drains in order when the upstream is back', async () => {
  const { agent, clock, source, sink } = await start(5000)
  let attempts = 0
  let down = true
  sink().onDeliver = () => {
    if (!down) return Promise.resolve()
    attempts++
    return Promise.reject(new SluiceError('SLUICE_DELIVERY', 'the upstream is down'))
  }
  const accepted: string[] = []
  let refused = 0
  const began = clock.now()
  for (let event = 0; clock.now() - began < 4 * day; event += 100) {
    const bodies = Array.from({ length: 100 }, (_, at) => `event ${event + at}`)
    const put = source()
      .push(...bodies)
      .then(
        () => accepted.push(...bodies),
        () => refused++,
      )
    // A put into a full channel waits for as long as keep-alive says.
    const settled = put.then(() => true)
    while (!(await Promise.race([settled, clock.pass(1000, 1)])));
    await clock.pass(hour, 30)
  }
  expect(accepted).toHaveLength(5000)
  expect(refused, 'puts that a full channel refused').toBeGreaterThan(20)
  expect(agent.status().channels[0]).toMatchObject({ state: 'full' })
  expect(agent.ledger('c1')).toMatchObject({ received: 5000, queued: 5000, delivered: 0 })
  // Every half minute at most, not in a storm: 4 days have 11,520 of them.
  expect(attempts).toBeGreaterThan(100)
  expect(attempts).toBeLessThan(30_000)
  down = false
  const healed = clock.monotonic()
  while (sink().bodies.length < 5000 && clock.monotonic() - healed < hour) await clock.pass(1000, 1)
  expect(sink().bodies).toEqual(accepted)
  void source().push('fresh')
  await eventually('what is fresh arrives', () => sink().bodies.at(-1) === 'fresh', 10_000)
  expect(agent.ledger('c1')).toMatchObject({ received: 5001, lost: 0 })
})

test.each([
  ['an hour ahead', hour],
  ['two hours back', -2 * hour],
  ['400 days ahead', 400 * day],
  ['30 days back', -30 * day],
  ['back to 1970', -1_799_999_999_000],
] as const)('the clock is set %s: rates, pauses, delays and the order of events do not care', async (_, step) => {
  const { agent, clock, source, sink } = await start(100_000)
  const bodies = Array.from({ length: 300 }, (_item, at) => `event ${at}`)
  let attempts = 0
  let down = true
  sink().onDeliver = () => {
    attempts++
    return down ? Promise.reject(new SluiceError('SLUICE_DELIVERY', 'down')) : Promise.resolve()
  }
  await source().push(...bodies.slice(0, 100))
  await clock.pass(20_000, 20)
  const before = clock.now()
  clock.step = step
  expect(clock.now() - before, 'the clock was set').toBe(step)
  const triedBefore = attempts
  await source().push(...bodies.slice(100, 200))
  await clock.pass(20_000, 40)
  // As before: no storm of attempts, and no rest of hours either.
  expect(attempts - triedBefore).toBeGreaterThanOrEqual(2)
  expect(attempts - triedBefore).toBeLessThan(40)
  down = false
  agent.setRate('c1', 20)
  await clock.pass(5000, 50)
  const limited = sink().bodies.length
  expect(limited, 'events in five seconds at 20 a second').toBeLessThanOrEqual(110)
  agent.setRate('c1', undefined)
  agent.pause('k1')
  await clock.pass(2000, 10)
  const paused = sink().bodies.length
  await source().push(...bodies.slice(200))
  await clock.pass(10_000, 10)
  expect(sink().bodies.length, 'a pause lasts').toBe(paused)
  agent.resume('k1')
  for (let second = 0; second < 600 && sink().bodies.length < 300; second++) await clock.pass(1000, 5)
  expect(sink().bodies).toEqual(bodies)
  const { channels } = agent.status()
  expect(channels[0]).toMatchObject({ events: 0 })
  expect(agent.ledger('c1')).toMatchObject({ received: 300, lost: 0 })
  for (const series of agent.historySeries()) agent.history(series, 0, Number.MAX_SAFE_INTEGER, 1000)
})
