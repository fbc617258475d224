import { expect, test } from 'vitest'
import { avroPairs, lease } from './avro-pair.ts'

const { pair } = avroPairs()
const never = new AbortController().signal

/** A pair whose receiver waits at each batch until the test lets it go on. */
async function held() {
  const waiting: (() => void)[] = []
  const made = await pair(() => new Promise((resolve) => waiting.push(resolve)))
  const next = async () => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0)
    waiting.shift()!()
  }
  return { ...made, next, waiting }
}

test('what is under way when the machine wakes keeps its connection; what comes then has a new one', async () => {
  const { sink, sinkCounters, next, waiting } = await held()
  const first = sink.deliver(lease([['first']]), never)
  await expect.poll(() => waiting.length).toBe(1)
  expect(sink.concurrency).toBeGreaterThan(1)
  sink.awake()
  expect(sink.concurrency, 'nothing beside what is under way').toBe(1)
  const second = sink.deliver(lease([['second']]), never)
  await next()
  await first
  expect(sinkCounters).toMatchObject({ connectionCreatedCount: 1, eventDrainSuccessCount: 1 })
  await next()
  await second
  await expect.poll(() => sinkCounters.connectionClosedCount).toBe(1)
  expect(sinkCounters).toMatchObject({ connectionCreatedCount: 2, connectionFailedCount: 0, eventWriteFail: 0 })
  expect(sink.concurrency, 'as before').toBeGreaterThan(1)
})

test('a machine that wakes once costs one connection, however often it is told and however much follows', async () => {
  const { sink, sinkCounters } = await pair(() => Promise.resolve())
  await sink.deliver(lease([['first']]), never)
  sink.awake()
  sink.awake()
  for (const text of ['second', 'third', 'fourth']) await sink.deliver(lease([[text]]), never)
  expect(sinkCounters).toMatchObject({ connectionCreatedCount: 2, eventDrainSuccessCount: 4, eventWriteFail: 0 })
})

test('a sink that has not connected yet has nothing to make sure of when the machine wakes', async () => {
  const { sink, sinkCounters } = await pair(() => Promise.resolve())
  sink.awake()
  await sink.deliver(lease([['first']]), never)
  await sink.deliver(lease([['second']]), never)
  expect(sinkCounters).toMatchObject({ connectionCreatedCount: 1, connectionClosedCount: 0 })
})
