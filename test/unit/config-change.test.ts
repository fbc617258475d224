import { describe, expect, test } from 'vitest'
import { configChange, isEmptyChange } from '../../core/agent/config-change.ts'
import { component, fileChannelConfig, flow, sinkConfig, sourceConfig } from '../agent/flow.ts'

const names = (change: ReturnType<typeof configChange>) =>
  Object.fromEntries(
    (['channels', 'sources', 'sinks', 'runners'] as const).map((kind) => [
      kind,
      `-${[...change[kind].stop].join(',')} +${[...change[kind].make].join(',')}`,
    ]),
  )
const nothing = { channels: '- +', sources: '- +', sinks: '- +', runners: '- +' }

const two = flow({
  sources: [sourceConfig('r1', ['c1']), sourceConfig('r2', ['c2'])],
  channels: [fileChannelConfig('c1'), fileChannelConfig('c2')],
  sinks: [sinkConfig('k1', 'c1'), sinkConfig('k2', 'c2')],
})

describe('the difference of two configurations', () => {
  test('is empty for equal ones, whatever the order of keys', () => {
    const raw = { type: 'push', a: '1', b: '2' }
    const one = flow({ sources: [sourceConfig('r1', ['c1'], { raw })] })
    const other = flow({ sources: [sourceConfig('r1', ['c1'], { raw: { b: '2', a: '1', type: 'push' } })] })
    expect(isEmptyChange(configChange(one, other))).toBe(true)
  })

  test('is one source when one key of it changed', () => {
    const sources = [sourceConfig('r1', ['c1'], { raw: { type: 'push', x: '1' } }), sourceConfig('r2', ['c2'])]
    expect(names(configChange(two, { ...two, sources }))).toEqual({ ...nothing, sources: '-r1 +r1' })
  })

  test('is the source when an interceptor of it changed', () => {
    const interceptors = [component('i1', 'static')]
    const sources = [sourceConfig('r1', ['c1'], { interceptors }), sourceConfig('r2', ['c2'])]
    expect(names(configChange(two, { ...two, sources }))).toEqual({ ...nothing, sources: '-r1 +r1' })
  })

  test('brings along what is connected to a channel that is made anew', () => {
    const channels = [fileChannelConfig('c1', { transactionCapacity: 50 }), fileChannelConfig('c2')]
    expect(names(configChange(two, { ...two, channels }))).toEqual({
      channels: '-c1 +c1',
      sources: '-r1 +r1',
      sinks: '-k1 +k1',
      runners: '-k1 +k1',
    })
  })

  test('touches nothing when only limits of a channel changed', () => {
    const channels = [fileChannelConfig('c1', { capacity: 20_000 }), fileChannelConfig('c2')]
    const change = configChange(two, { ...two, channels })
    expect(names(change)).toEqual(nothing)
    expect(change.newLimits.map(({ name }) => name)).toEqual(['c1'])
  })

  test('is the removed and the added', () => {
    const after = {
      ...two,
      sources: [sourceConfig('r1', ['c1'])],
      sinks: [sinkConfig('k1', 'c1'), sinkConfig('k2', 'c2'), sinkConfig('k3', 'c2')],
    }
    expect(names(configChange(two, after))).toEqual({ ...nothing, sources: '-r2 +', sinks: '- +k3', runners: '- +k3' })
  })

  test('makes a new runner when sinks form a group', () => {
    const sinkGroups = [{ name: 'g1', sinks: ['k1', 'k2'], processor: component('processor', 'failover') }]
    expect(names(configChange(two, { ...two, sinkGroups }))).toEqual({ ...nothing, runners: '-k1,k2 +g1' })
  })
})
