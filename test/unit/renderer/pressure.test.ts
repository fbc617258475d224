import { describe, expect, test } from 'vitest'
import type { ComponentState } from '../../../core/agent/component-state.ts'
import type { AgentStatus } from '../../../renderer/stores/status.ts'
import { flowEdges } from '../../../renderer/views/flow/flow-edges.ts'
import { findPressure } from '../../../renderer/views/flow/pressure.ts'

interface Flow {
  readonly sources?: Record<string, { to: string[]; state?: ComponentState; rate?: number }>
  readonly channels: Record<string, { events: number; state?: ComponentState }>
  readonly sinks: Record<string, { from: string; state?: ComponentState }>
}

function statusOf({ sources = {}, channels, sinks }: Flow): AgentStatus {
  const part = (name: string, state: ComponentState = 'running') => ({ name, state, text: state })
  return {
    sources: Object.entries(sources).map(([name, { to, state, rate = 0 }]) => ({
      ...part(name, state),
      channels: to,
      eventsPerSecond: rate,
    })),
    channels: Object.entries(channels).map(([name, { events, state }]) => ({
      ...part(name, state),
      events,
      inPerSecond: 7,
    })),
    sinks: Object.entries(sinks).map(([name, { from, state }]) => ({
      ...part(name, state),
      channel: from,
      eventsPerSecond: 3,
    })),
  } as unknown as AgentStatus
}

const parts = (flow: Flow) => findPressure(statusOf(flow)).map(({ part }) => part)

describe('where pressure starts', () => {
  test('at the sink whose upstream is away, not at the full channel and the waiting source before it', () => {
    const flow: Flow = {
      sources: { r1: { to: ['c1'], state: 'waiting: channel full' } },
      channels: { c1: { events: 100, state: 'full' } },
      sinks: { k1: { from: 'c1', state: 'waiting: upstream' } },
    }
    expect(parts(flow)).toEqual(['sink:k1'])
  })

  test('at a full channel whose sinks run: they are too slow for it', () => {
    expect(parts({ channels: { c1: { events: 100, state: 'full' } }, sinks: { k1: { from: 'c1' } } })).toEqual([
      'channel:c1',
    ])
  })

  test('nowhere when a sink is held up and nothing waits for it', () => {
    expect(parts({ channels: { c1: { events: 0 } }, sinks: { k1: { from: 'c1', state: 'paused' } } })).toEqual([])
  })

  test('at a full channel that no sink takes from, at a source that failed', () => {
    const flow: Flow = {
      sources: { r1: { to: ['c1'], state: 'failed' } },
      channels: { c1: { events: 1, state: 'full' } },
      sinks: {},
    }
    expect(parts(flow)).toEqual(['channel:c1', 'source:r1'])
  })
})

describe('edges of the picture', () => {
  test('an edge shows a rate only where it is known for that edge alone', () => {
    const flow: Flow = {
      sources: { r1: { to: ['c1'], rate: 5 }, r2: { to: ['c1', 'c2'], rate: 9 } },
      channels: { c1: { events: 0 }, c2: { events: 0 } },
      sinks: { k1: { from: 'c1' } },
    }
    expect(flowEdges(statusOf(flow)).map(({ from, to, perSecond }) => [from, to, perSecond])).toEqual([
      ['source:r1', 'channel:c1', 5],
      ['source:r2', 'channel:c1', undefined],
      ['source:r2', 'channel:c2', 7],
      ['channel:c1', 'sink:k1', 3],
    ])
  })
})
