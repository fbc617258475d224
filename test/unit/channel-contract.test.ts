import { afterEach, describe, expect, it } from 'vitest'
import type { Channel, Lane } from '../../core/channel/channel.ts'
import { identityOf } from '../../core/channel/identity-runs.ts'
import { Batch } from '../../core/event/batch.ts'
import { numberedBatch, range } from '../file-channel-rig.ts'
import { type ContractLimits, contractSubjects, holdLedger, takeNow } from './channel-contract.ts'

const sender = '00112233445566778899aabbccddeeff'
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe.each(contractSubjects)('the contract of a channel, kept by the $kind channel', (subject) => {
  let remove = () => Promise.resolve()
  const open = async (limits?: Partial<ContractLimits>): Promise<Channel> => {
    const made = await subject.make(limits)
    remove = made.remove
    return made.channel
  }
  afterEach(async () => {
    await remove()
  })

  it('gives events in order, cut and joined, and again in order after a release', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 5))
    await channel.put(numberedBatch(5, 3))
    const first = await takeNow(channel, 2)
    const second = await takeNow(channel, 4)
    expect([first.numbers, second.numbers]).toEqual([range(0, 2), range(2, 6)])
    expect(second.lease).toMatchObject({ count: 4 })
    second.lease?.release()
    first.lease?.release()
    const all = await takeNow(channel)
    expect(all.numbers).toEqual(range(0, 8))
    await all.lease?.ack()
    holdLedger(channel)
    expect(channel.stats().ledger).toMatchObject({ received: 8, delivered: 8, queued: 0 })
  })

  it('lends no event twice to takes that compete, and serves them as they came', async () => {
    const channel = await open()
    const takes = [1, 2, 3].map(() => channel.take(10, Infinity, 1000))
    for (const first of [0, 10, 20]) await channel.put(numberedBatch(first, 10))
    const counts = (await Promise.all(takes)).map((lease) => lease?.count ?? 0)
    const rest = await takeNow(channel)
    expect(counts.reduce((sum, count) => sum + count, 0) + rest.numbers.length).toBe(30)
    expect(counts.every((count) => count > 0)).toBe(true)
  })

  it('takes acknowledgements in any order, and never joins events over a gap', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 9))
    const [one, two, three] = [await takeNow(channel, 3), await takeNow(channel, 3), await takeNow(channel, 3)]
    await two.lease?.ack()
    three.lease?.release()
    one.lease?.release()
    holdLedger(channel)
    expect((await takeNow(channel)).numbers).toEqual(range(0, 3))
    expect((await takeNow(channel)).numbers).toEqual(range(6, 9))
  })

  it('stops at the bytes that were asked for, but gives one event however large', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 4, 100))
    expect((await takeNow(channel, 4, 250)).numbers).toEqual([0, 1])
    expect((await takeNow(channel, 4, 1)).numbers).toEqual([2])
  })

  it('refuses to settle a lease twice', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 1))
    const { lease } = await takeNow(channel)
    await lease?.ack()
    expect(() => lease?.release()).toThrow(/twice/)
    holdLedger(channel)
  })

  it('counts what is quarantined, and goes on behind it', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 4))
    await (await takeNow(channel, 2)).lease?.quarantine('refused')
    expect((await takeNow(channel)).numbers).toEqual([2, 3])
    holdLedger(channel)
    expect(channel.stats().ledger).toMatchObject({ quarantined: 2, queued: 2 })
  })

  it('refuses a put when keep-alive has passed without room, and is in the state full', async () => {
    const channel = await open({ capacity: 5 })
    await channel.put(numberedBatch(0, 5))
    const late = channel.put(numberedBatch(5, 1))
    expect(channel.stats().state).toBe('full')
    await expect(late).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    holdLedger(channel)
    expect(channel.stats().ledger.received).toBe(5)
  })

  it('lets nobody pass who came later, even where the later one would fit', async () => {
    const channel = await open({ capacity: 10, keepAlive: 5000 })
    await channel.put(numberedBatch(0, 8))
    const entered: string[] = []
    const large = channel.put(numberedBatch(8, 5)).then(() => entered.push('large'))
    const small = channel.put(numberedBatch(13, 1)).then(() => entered.push('small'))
    await pause(15)
    expect(entered).toEqual([])
    await (await takeNow(channel, 8)).lease?.ack()
    await Promise.all([large, small])
    expect((await takeNow(channel)).numbers).toEqual(range(8, 14))
    expect(entered).toEqual(['large', 'small'])
  })

  it('fails all that is behind a failed put in its lane, and nothing in another', async () => {
    const channel = await open({ capacity: 4 })
    const lane: Lane = {}
    await channel.put(numberedBatch(0, 4), { lane })
    const late = [numberedBatch(4, 2), numberedBatch(6, 1)].map((batch) => channel.put(batch, { lane }))
    for (const put of late) await expect(put).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    await (await takeNow(channel)).lease?.ack()
    await expect(channel.put(numberedBatch(6, 1), { lane })).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    await channel.put(numberedBatch(4, 1), { lane: {} })
    expect((await takeNow(channel)).numbers).toEqual([4])
  })

  it('ends a wait for room or for events when its caller aborts', async () => {
    const channel = await open({ capacity: 2, keepAlive: 5000 })
    const abort = new AbortController()
    const empty = channel.take(1, Infinity, 5000, abort.signal)
    abort.abort()
    expect(await empty).toBeUndefined()
    await channel.put(numberedBatch(0, 2))
    const giveUp = new AbortController()
    const put = channel.put(numberedBatch(2, 1), { signal: giveUp.signal })
    giveUp.abort()
    await expect(put).rejects.toMatchObject({ code: 'SLUICE_ABORTED' })
    expect((await takeNow(channel)).numbers).toEqual([0, 1])
  })

  it('keeps a backlog above a lowered capacity, and takes nothing until it is below', async () => {
    const channel = await open({ keepAlive: 5000 })
    await channel.put(numberedBatch(0, 10))
    channel.setLimits({ capacity: 5, byteCapacity: Infinity, keepAlive: 5000 })
    let entered = false
    const put = channel.put(numberedBatch(10, 1)).then(() => (entered = true))
    await (await takeNow(channel, 4)).lease?.ack()
    await pause(10)
    expect(entered).toBe(false)
    await (await takeNow(channel, 2)).lease?.ack()
    await put
    holdLedger(channel)
    expect((await takeNow(channel)).numbers).toEqual(range(6, 11))
  })

  it('stores a position with its events, once, and moves it with an empty batch', async () => {
    const channel = await open()
    const at = (offset: number) => ({ position: { key: 'tail/a', offset, state: '{}' } })
    await channel.put(numberedBatch(0, 3), at(30))
    await channel.put(numberedBatch(0, 3), at(30))
    await channel.put(Batch.empty, at(40))
    await channel.put(numberedBatch(9, 1), { position: { key: 'other/b', offset: 1, state: '{}' } })
    expect(channel.position('tail/a')).toEqual({ key: 'tail/a', offset: 40, state: '{}' })
    expect(channel.positions('tail/')).toHaveLength(1)
    expect((await takeNow(channel)).numbers).toEqual([0, 1, 2, 9])
    expect(channel.stats().ledger.repeated).toBe(3)
    await channel.forgetPositions(['tail/a'])
    expect(channel.position('tail/a')).toBeUndefined()
    expect(channel.positions('')).toHaveLength(1)
  })

  it('knows repeats by identity, and stores the new part of a partial one', async () => {
    const channel = await open()
    const from = (firstEvent: number, floor = 0) => ({ identity: { sender, firstEvent, floor } })
    await channel.put(numberedBatch(10, 5), from(10))
    await channel.put(numberedBatch(10, 5), from(10))
    await channel.put(numberedBatch(20, 5), from(20))
    await channel.put(numberedBatch(8, 20), from(8))
    await channel.put(numberedBatch(0, 5), from(0, 30))
    await channel.put(numberedBatch(25, 5), from(25, 30))
    await channel.put(numberedBatch(10, 1), { identity: { sender: 'f'.repeat(32), firstEvent: 10, floor: 0 } })
    const { numbers } = await takeNow(channel)
    const stored = [...range(10, 15), ...range(20, 25), 8, 9, ...range(15, 20), ...range(25, 28), ...range(0, 5), 10]
    expect(numbers).toEqual(stored)
    holdLedger(channel)
    expect(channel.stats().ledger.repeated).toBe(5 + 10 + 5)
  })

  it('knows repeats of parts of batches by the numbers of their events, closed and opened in between', async () => {
    const channel = await open()
    /** Every other of the sender's events from `first` on. */
    const put = (first: number, count: number) => {
      const whole = { sender, firstEvent: first, floor: 0 }
      const numbers = 2 * count - 1
      const others = range(0, count).map((index) => [2 * index, 2 * index + 1] as const)
      const identity = identityOf(whole, numbers, others)
      return channel.put(numberedBatch(first, numbers).keeping(others), { identity })
    }
    await put(1, 5)
    await put(1, 5)
    if (channel.durable) {
      await channel.close(1000)
      await channel.open()
    }
    await put(5, 6)
    await channel.put(numberedBatch(0, 20), { identity: { sender, firstEvent: 0, floor: 0 } })
    const odd = [1, 3, 5, 7, 9, 11, 13, 15]
    expect((await takeNow(channel)).numbers).toEqual([...odd, ...range(0, 20).filter((one) => !odd.includes(one))])
    holdLedger(channel)
    expect(channel.stats().ledger.repeated).toBe(5 + 3 + 8)
  })

  it('refuses what is larger than a transaction, and every put when it is closed', async () => {
    const channel = await open()
    await expect(channel.put(numberedBatch(0, 51))).rejects.toMatchObject({ code: 'SLUICE_BATCH_TOO_LARGE' })
    const waiting = channel.take(1, Infinity, 5000)
    await channel.close(1000)
    expect(await waiting).toBeUndefined()
    await expect(channel.put(numberedBatch(0, 1))).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_CLOSED' })
  })

  it('has everything again when it is closed and opened', async () => {
    const channel = await open()
    await channel.put(numberedBatch(0, 6), { position: { key: 'tail/a', offset: 6, state: '{}' } })
    await (await takeNow(channel, 2)).lease?.ack()
    await channel.close(1000)
    await channel.open()
    holdLedger(channel)
    expect(channel.position('tail/a')?.offset).toBe(6)
    expect((await takeNow(channel)).numbers).toEqual(range(2, 6))
  })
})
