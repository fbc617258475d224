import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { InterceptorChain } from '../../core/interceptor/chain.ts'
import { hostInterceptor, localAddress } from '../../core/interceptor/host.ts'
import type { Interceptor } from '../../core/interceptor/interceptor.ts'
import { staticInterceptor } from '../../core/interceptor/static.ts'
import { timestampInterceptor } from '../../core/interceptor/timestamp.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import type { Batch } from '../../core/event/batch.ts'
import { silentLog } from '../../core/log.ts'
import { batchOf } from '../agent/flow.ts'
import { ManualClock } from '../agent/manual-clock.ts'

const clock = new ManualClock(1_700_000_000_123)
const context = { name: 'i1', agent: 'a1', log: silentLog, clock, dataDirectory: '/', baseDirectory: '/' }

const timestamp = (keys = {}) => timestampInterceptor.create(timestampInterceptor.settings.parse(keys), context)
const fixed = (keys = {}) => staticInterceptor.create(staticInterceptor.settings.parse(keys), context)
const host = (keys = {}) => hostInterceptor.create(hostInterceptor.settings.parse(keys), context)

function mixed(): Batch {
  const builder = new BatchBuilder()
  builder.addEvent(new Map(), Buffer.from('bare'))
  builder.addEvent(new Map([['key', 'mine']]), Buffer.from('set'))
  builder.addEvent(new Map([['other', 'x']]), Buffer.alloc(0))
  return builder.finish()
}

const headersOf = (batch: Batch) => [...batch.events()].map(({ headers }) => Object.fromEntries(headers))
const bodiesOf = (batch: Batch) => [...batch.events()].map(({ body }) => body.toString())

describe('the static interceptor', () => {
  test('keeps a value that is there, by default', () => {
    const result = fixed({ key: 'key', value: 'given' }).intercept(mixed())
    expect(headersOf(result)).toEqual([{ key: 'given' }, { key: 'mine' }, { other: 'x', key: 'given' }])
    expect(bodiesOf(result)).toEqual(['bare', 'set', ''])
  })

  test('replaces it when told so', () => {
    const result = fixed({ value: 'given', preserveExisting: 'false' }).intercept(mixed())
    expect(headersOf(result)[1]).toEqual({ key: 'given' })
  })

  test('hands on the same batch when nothing changes', () => {
    const batch = batchOf(['a', 'b'], new Map([['key', 'there']]))
    expect(fixed().intercept(batch)).toBe(batch)
  })
})

describe('the timestamp interceptor', () => {
  test('sets milliseconds as text, over an existing value unless told otherwise', () => {
    const batch = batchOf(['a'], new Map([['timestamp', '5']]))
    expect(headersOf(timestamp().intercept(batch))).toEqual([{ timestamp: '1700000000123' }])
    expect(headersOf(timestamp({ preserveExisting: 'true' }).intercept(batch))).toEqual([{ timestamp: '5' }])
    expect(headersOf(timestamp({ headerName: 'at' }).intercept(batchOf(['a'])))).toEqual([{ at: '1700000000123' }])
  })
})

describe('the host interceptor', () => {
  test('sets an address, or the host name', () => {
    expect(headersOf(host().intercept(batchOf(['a'])))).toEqual([{ host: localAddress() }])
    expect(headersOf(host({ useIP: 'false', hostHeader: 'h' }).intercept(batchOf(['a'])))).toEqual([{ h: hostname() }])
  })

  test('prefers an IPv4 address that others can reach', () => {
    const of = (address: string, family: 'IPv4' | 'IPv6', internal: boolean) =>
      ({ address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as never
    const loopback = of('127.0.0.1', 'IPv4', true)
    expect(localAddress({ lo: [loopback], e0: [of('fe80::1', 'IPv6', false), of('10.0.0.7', 'IPv4', false)] })).toBe(
      '10.0.0.7',
    )
    expect(localAddress({ lo: [loopback], e0: [of('fd00::2', 'IPv6', false)] })).toBe('fd00::2')
    expect(localAddress({ lo: [loopback] })).toBe('127.0.0.1')
  })
})

describe('a chain', () => {
  const dropEmpty: Interceptor = {
    intercept(batch) {
      const builder = new BatchBuilder()
      for (const { headers, body } of batch.events()) if (body.length > 0) builder.addEvent(headers, body)
      return builder.finish()
    },
  }

  test('prepares shared headers with the leading header interceptors only', () => {
    const chain = new InterceptorChain([fixed({ key: 'a' }), timestamp(), dropEmpty, fixed({ key: 'b' })])
    expect(Object.fromEntries(chain.prepareHeaders(new Map()))).toEqual({ a: 'value', timestamp: '1700000000123' })
  })

  test('does for a prepared batch only the rest', () => {
    const chain = new InterceptorChain([fixed({ key: 'a', value: '1' }), dropEmpty, fixed({ key: 'b', value: '2' })])
    const prepared = batchOf(['x', ''], chain.prepareHeaders(new Map()))
    const whole = chain.intercept(batchOf(['x', '']), false)
    expect(headersOf(chain.intercept(prepared, true).batch)).toEqual(headersOf(whole.batch))
    expect(headersOf(whole.batch)).toEqual([{ a: '1', b: '2' }])
  })

  test('knows which events are left, as long as each that drops some says so', () => {
    const keep = (...runs: [number, number][]): Interceptor => ({ intercept: (batch) => batch.keeping(runs) })
    const twice: Interceptor = { intercept: (batch) => batch.keeping([[1, 4]]).keeping([[0, 1]]) }
    const taken = (...interceptors: Interceptor[]) =>
      new InterceptorChain(interceptors).intercept(batchOf(['a', 'b', '', 'd', 'e']), false)
    const kept = taken(keep([0, 1], [2, 5]), fixed(), keep([1, 3]))
    expect(kept.taken).toEqual([[2, 4]])
    expect([...kept.batch.events()].map(({ body }) => body.toString())).toEqual(['', 'd'])
    expect(taken(keep([1, 3]), dropEmpty).taken).toBe('unknown')
    // What it says is about a batch in between, that nobody knows.
    expect(taken(twice).taken).toBe('unknown')
  })

  test('leaves a batch alone when every interceptor was prepared', () => {
    const chain = new InterceptorChain([fixed(), timestamp()])
    const batch = batchOf(['x'], chain.prepareHeaders(new Map()))
    expect(chain.intercept(batch, true)).toEqual({ batch, taken: 'all' })
  })
})
