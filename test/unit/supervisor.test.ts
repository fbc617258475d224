import { describe, expect, test } from 'vitest'
import { Supervisor } from '../../core/agent/supervisor.ts'
import { silentLog } from '../../core/log.ts'
import { ManualClock, settle } from '../agent/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const component = {
    name: 'r1',
    starts: [] as number[],
    stops: 0,
    failing: 0,
    hang: false,
    start() {
      component.starts.push(clock.now())
      return component.failing-- > 0 ? Promise.reject(new Error('port 1 is in use')) : Promise.resolve()
    },
    stop() {
      component.stops++
      return component.hang ? new Promise<void>(() => undefined) : Promise.resolve()
    },
  }
  const failures: unknown[] = []
  const supervisor = new Supervisor(component, {
    clock,
    log: silentLog,
    random: () => 1,
    onFailure: (error) => failures.push(error),
  })
  return { clock, component, supervisor, failures }
}

describe('a supervisor', () => {
  test('starts its component once when that works', async () => {
    const { clock, component, supervisor } = setUp()
    await supervisor.start()
    expect(supervisor.phase).toBe('running')
    await clock.advance(600_000)
    expect(component.starts).toHaveLength(1)
    expect(component.stops).toBe(0)
  })

  test('tries again with a growing delay and shows why and when', async () => {
    const { clock, component, supervisor, failures } = setUp()
    component.failing = 4
    await supervisor.start()
    await settle()
    const t0 = clock.now()
    expect([supervisor.phase, supervisor.reason, supervisor.retryAt]).toEqual(['failed', 'port 1 is in use', t0 + 500])
    await clock.advance(20_000)
    expect(component.starts.map((at) => at - t0)).toEqual([0, 500, 1_500, 3_500, 7_500])
    expect([supervisor.phase, supervisor.reason, supervisor.restarts]).toEqual(['running', '', 4])
    expect(failures).toHaveLength(4)
  })

  test('never waits longer than ten seconds', async () => {
    const { clock, component, supervisor } = setUp()
    component.failing = 1_000
    await supervisor.start()
    await clock.advance(600_000)
    const gaps = component.starts.map((at, index) => at - (component.starts[index - 1] ?? at))
    expect(Math.max(...gaps)).toBe(10_000)
    await supervisor.stop(100)
  })

  test('stops and restarts a component that says it broke', async () => {
    const { clock, component, supervisor } = setUp()
    await supervisor.start()
    supervisor.fail(new Error('the command died'))
    supervisor.fail(new Error('again'))
    await settle()
    expect([supervisor.phase, supervisor.reason, component.stops]).toEqual(['failed', 'the command died', 1])
    await clock.advance(500)
    expect([supervisor.phase, component.starts.length]).toEqual(['running', 2])
  })

  test('counts a failure after a minute of health as the first', async () => {
    const { clock, component, supervisor } = setUp()
    component.failing = 3
    await supervisor.start()
    await clock.advance(70_000)
    supervisor.fail(new Error('later'))
    await settle()
    expect(supervisor.retryAt).toBe(clock.now() + 500)
  })

  test('gives up on a component that does not stop', async () => {
    const { clock, component, supervisor } = setUp()
    await supervisor.start()
    component.hang = true
    let stopped = false
    void supervisor.stop(800).then(() => (stopped = true))
    await clock.advance(799)
    expect(stopped).toBe(false)
    await clock.advance(1)
    expect(stopped).toBe(true)
  })

  test('can be started again after a stop', async () => {
    const { component, supervisor } = setUp()
    await supervisor.start()
    await supervisor.stop(100)
    expect([supervisor.phase, component.stops]).toEqual(['stopped', 1])
    await supervisor.start()
    expect([supervisor.phase, component.starts.length]).toEqual(['running', 2])
    await supervisor.stop(100)
  })
})
