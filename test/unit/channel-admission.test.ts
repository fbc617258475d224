import { expect, test } from 'vitest'
import { Admission, type Entry } from '../../core/channel/admission.ts'
import type { Lane } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import { SluiceError } from '../../core/errors.ts'

function door(capacity: number, keepAlive = 60) {
  const used = { events: 0, bytes: 0 }
  const log: string[] = []
  const state: { barrier: SluiceError | undefined } = { barrier: undefined }
  const admission = new Admission(
    'c1',
    { capacity, byteCapacity: Infinity, keepAlive },
    () => used,
    () => state.barrier,
    systemClock,
  )
  const enter = (name: string, count: number, more: Partial<Entry> = {}) =>
    admission.enter({
      count,
      bytes: count,
      lane: undefined,
      signal: undefined,
      admitted: () => {
        used.events += count
        log.push(`+${name}`)
      },
      refused: (error) => log.push(`-${name} ${error instanceof SluiceError ? error.code : String(error)}`),
      ...more,
    })
  return { admission, used, log, enter, state }
}

test('puts enter in the order of their calls: a small one does not overtake a large one', () => {
  const { admission, used, log, enter } = door(10)
  enter('a', 8)
  enter('b', 5)
  enter('c', 1)
  expect(log).toEqual(['+a'])
  used.events = 5
  admission.admit()
  expect(log).toEqual(['+a', '+b'])
  used.events = 0
  admission.admit()
  expect(log).toEqual(['+a', '+b', '+c'])
})

test('the wait ends after keep-alive, and takes those behind in the same lane with it', async () => {
  const { log, enter } = door(10, 30)
  const lane: Lane = {}
  enter('a', 10)
  enter('b', 1, { lane })
  enter('c', 1, { lane })
  await new Promise((resolve) => setTimeout(resolve, 90))
  expect(log).toEqual(['+a', '-b SLUICE_CHANNEL_FULL', '-c SLUICE_CHANNEL_FULL'])
  enter('d', 0, { lane })
  expect(log.at(-1)).toBe('-d SLUICE_CHANNEL_FULL')
})

test('an abort ends one wait and lets the next one look', () => {
  const { log, enter, used } = door(10, 1000)
  const abort = new AbortController()
  enter('a', 6)
  enter('b', 8, { signal: abort.signal })
  enter('c', 4)
  expect(log).toEqual(['+a'])
  abort.abort()
  expect(log).toEqual(['+a', '-b SLUICE_ABORTED', '+c'])
  expect(used.events).toBe(10)
})

test('one batch always fits into an empty channel, and lower limits only stop what comes', () => {
  const { admission, log, enter, used } = door(10)
  enter('large', 25)
  enter('next', 1)
  expect(log).toEqual(['+large'])
  admission.limits = { capacity: 5, byteCapacity: Infinity, keepAlive: 1000 }
  used.events = 5
  admission.admit()
  expect(log).toEqual(['+large'])
  used.events = 4
  admission.admit()
  expect(log).toEqual(['+large', '+next'])
})

test('a disk that is nearly full stops events, not positions, and is looked at again by itself', async () => {
  const { log, enter, state } = door(10, 1000)
  state.barrier = new SluiceError('SLUICE_DISK_FULL', 'no room')
  enter('position', 0)
  enter('events', 1)
  expect(log).toEqual(['+position'])
  state.barrier = undefined
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(log).toEqual(['+position', '+events'])
})
