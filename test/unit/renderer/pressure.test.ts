import { describe, expect, test } from 'vitest'
import type { ComponentState } from '../../../core/agent/component-state.ts'
import type { AgentStatus } from '../../../renderer/stores/status.ts'
import { flowEdges } from '../../../renderer/views/flow/flow-edges.ts'
import { fewNames, filterParts } from '../../../renderer/views/flow/part-filter.ts'
import { findPressure } from '../../../renderer/views/flow/pressure.ts'
import { pressureWords } from '../../../renderer/views/flow/pressure-words.ts'

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

const parts = (flow: Flow) => findPressure(statusOf(flow)).map(({ kind, name }) => `${kind}:${name}`)

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

describe('the words for it', () => {
  const sink = (name: string, why = 'waiting: upstream (gone)') => ({ kind: 'sink', name, why }) as const

  test('name one part with its reason', () => {
    expect(pressureWords([sink('k1')])).toBe('sink k1 is waiting: upstream (gone)')
  })

  test('name those together that share a reason, the largest group first, and count the rest', () => {
    const found = [
      { kind: 'channel', name: 'c9', why: 'full' } as const,
      ...['k1', 'k2', 'k3', 'k4', 'k5'].map((name) => sink(name)),
      ...['a', 'b', 'c'].map((why) => sink('k6', why)),
    ]
    expect(pressureWords(found)).toBe(
      'sinks k1, k2, k3 and 2 more are waiting: upstream (gone); channel c9 is full; sink k6 is a; 2 more parts',
    )
  })
})

describe('the parts that are asked for', () => {
  const flow = statusOf({
    sources: { web: { to: ['c1', 'c2'] }, disk: { to: ['c3'] } },
    channels: { c1: { events: 0 }, c2: { events: 0 }, c3: { events: 0 } },
    sinks: { k1: { from: 'c1' }, k2: { from: 'c2' }, k3: { from: 'c3' } },
  })
  const shown = (part: string) => {
    const { sources, channels, sinks } = filterParts(flow, (one) => one === part)
    return [...sources, ...channels, ...sinks].map(({ name }) => name)
  }

  test('come with those that they are joined to', () => {
    expect(shown('channel:c1')).toEqual(['web', 'c1', 'k1'])
    expect(shown('source:web')).toEqual(['web', 'c1', 'c2', 'k1', 'k2'])
    expect(shown('sink:k3')).toEqual(['disk', 'c3', 'k3'])
    expect(shown('sink:none')).toEqual([])
  })

  test('are named up to a number', () => {
    expect(fewNames(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e')
    expect(fewNames(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d and 2 more')
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
