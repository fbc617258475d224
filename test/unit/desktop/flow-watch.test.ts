import { describe, expect, it } from 'vitest'
import type { ControlPort } from '../../../core/control/contract.ts'
import { type Alarm, type FlowSummary, FlowWatch, placeOfAlarm } from '../../../electron/flow-watch.ts'

const event = (id: number, code: string, lastAt = Date.now() + 1_000) => ({
  ...{ id, firstAt: lastAt, lastAt, count: 1, component: 'channel:c1', code, message: code, acknowledged: false },
})

class FakeAgent implements ControlPort {
  say: (message: unknown) => void = () => undefined
  ended = 0
  calls: string[] = []
  call(name: string): Promise<unknown> {
    this.calls.push(name)
    if (name !== 'status') return Promise.resolve({})
    const lists = { sources: [], channels: [], sinks: [] }
    return Promise.resolve({ agent: 'edge', pid: 1, startedAt: 0, now: 0, openEvents: 0, ...lists })
  }
  subscribe(_name: string, _params: unknown, listener: (message: unknown) => void): Promise<() => void> {
    this.say = listener
    return Promise.resolve(() => {
      this.ended++
    })
  }
}

describe('what the desktop tells of by itself', () => {
  it('is each alarm once, again when it comes again, and nothing that is old or no alarm', async () => {
    const agent = new FakeAgent()
    const alarms: Alarm[] = []
    const summaries: FlowSummary[] = []
    const watch = new FlowWatch({
      port: () => agent,
      onSummary: (summary) => summaries.push(summary),
      onAlarm: (alarm) => alarms.push(alarm),
    })
    watch.watch(['edge'])
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(summaries).toEqual([{ text: 'Running, 0 events wait', paused: false, draining: false }])
    const at = Date.now() + 1_000
    agent.say([event(1, 'full-in-4h', at), event(2, 'started'), event(3, 'disk-low', 1)])
    agent.say([event(1, 'full-in-4h', at)])
    expect(alarms).toEqual([{ agent: 'edge', component: 'channel:c1', message: 'full-in-4h' }])
    agent.say([event(1, 'full-in-4h', at + 5)])
    agent.say([event(4, 'upstream-down')])
    expect(alarms.map(({ message }) => message)).toEqual(['full-in-4h', 'full-in-4h', 'upstream-down'])
    await watch.command('pause')
    expect(agent.calls).toEqual(['status', 'pause', 'status'])
    watch.watch([])
    expect(agent.ended).toBe(1)
  })

  it('leads to the view of what it is about', () => {
    expect(placeOfAlarm({ agent: 'edge 1', component: 'channel:c 1' })).toBe('/channel/c%201?agent=edge%201')
    expect(placeOfAlarm({ agent: 'a1', component: 'source:r1' })).toBe('/sources/r1?agent=a1')
    expect(placeOfAlarm({ agent: 'a1', component: 'sink:k1' })).toBe('/flow?agent=a1')
    expect(placeOfAlarm({ agent: 'a1', component: 'agent' })).toBe('/flow?agent=a1')
  })
})
