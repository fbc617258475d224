import { describe, expect, it } from 'vitest'
import { MemoryChannel } from '../../core/channel/memory/memory-channel.ts'
import type { Lane } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import type { Batch } from '../../core/event/batch.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'

function batchOf(...bodies: string[]): Batch {
  const builder = new BatchBuilder()
  for (const body of bodies) builder.addBody(Buffer.from(body))
  return builder.finish()
}

async function open(settings: { capacity?: number; keepAlive?: number } = {}): Promise<MemoryChannel> {
  const channel = new MemoryChannel(
    'c',
    { capacity: 10, transactionCapacity: 10, byteCapacity: Infinity, keepAlive: 20, ...settings },
    systemClock,
  )
  await channel.open()
  return channel
}

const bodies = (lease: { batches: readonly Batch[] } | undefined) =>
  lease?.batches.flatMap((batch) => [...batch.events()].map((event) => event.body.toString()))

describe('the memory channel', () => {
  it('gives events back in order, cut and joined to what a sink asks for', async () => {
    const channel = await open()
    await channel.put(batchOf('a', 'b', 'c'))
    await channel.put(batchOf('d', 'e'))
    const first = await channel.take(2, Infinity, 0)
    const second = await channel.take(10, Infinity, 0)
    expect([bodies(first), bodies(second)]).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ])
    second?.release()
    first?.release()
    const all = await channel.take(10, Infinity, 0)
    expect(bodies(all)).toEqual(['a', 'b', 'c', 'd', 'e'])
    await all?.ack()
    expect(channel.stats().ledger).toMatchObject({ received: 5, delivered: 5, queued: 0 })
    expect(await channel.take(1, Infinity, 0)).toBeUndefined()
  })

  it('counts events on loan against its capacity, and lets a put in when they are acknowledged', async () => {
    const channel = await open({ capacity: 3, keepAlive: 10_000 })
    await channel.put(batchOf('a', 'b', 'c'))
    const lease = await channel.take(3, Infinity, 0)
    let entered = false
    const put = channel.put(batchOf('d')).then(() => (entered = true))
    await systemClock.sleep(10)
    expect(entered).toBe(false)
    expect(channel.stats().state).toBe('full')
    await lease?.ack()
    await put
    expect(channel.stats().ledger.queued).toBe(1)
  })

  it('refuses after keep-alive, and with it all that is behind in the same lane', async () => {
    const channel = await open({ capacity: 2 })
    const lane: Lane = {}
    await channel.put(batchOf('a', 'b'), { lane })
    const late = channel.put(batchOf('c', 'd'), { lane })
    const behind = channel.put(batchOf('e'), { lane })
    await expect(late).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    await expect(behind).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    await (await channel.take(10, Infinity, 0))?.ack()
    await expect(channel.put(batchOf('e'), { lane })).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_FULL' })
    await channel.put(batchOf('c', 'd'), { lane: {} })
  })

  it('does not store what a sender sends again, nor the known part of it', async () => {
    const channel = await open()
    const identity = { sender: '00112233445566778899aabbccddeeff', firstEvent: 0, floor: 0 }
    await channel.put(batchOf('a', 'b', 'c'), { identity })
    await channel.put(batchOf('a', 'b', 'c'), { identity })
    await channel.put(batchOf('c', 'd'), { identity: { ...identity, firstEvent: 2 } })
    expect(bodies(await channel.take(10, Infinity, 0))).toEqual(['a', 'b', 'c', 'd'])
    expect(channel.stats().ledger.repeated).toBe(4)
  })

  it('wakes a waiting take with the next put, and every take when it closes', async () => {
    const channel = await open()
    const one = channel.take(1, Infinity, 60_000)
    const other = channel.take(1, Infinity, 60_000)
    await channel.put(batchOf('a'))
    expect(bodies(await one)).toEqual(['a'])
    await channel.close()
    expect(await other).toBeUndefined()
    await expect(channel.put(batchOf('b'))).rejects.toMatchObject({ code: 'SLUICE_CHANNEL_CLOSED' })
  })

  it('takes memory back for use only when the last event of a batch was delivered', async () => {
    const channel = await open()
    const batch = batchOf('a', 'b')
    await channel.put(batch, { exclusive: true })
    await (await channel.take(1, Infinity, 0))?.ack()
    const second = await channel.take(1, Infinity, 0)
    const other = batchOf('XXXXXXX')
    expect(bodies(second)).toEqual(['b'])
    expect(other.count).toBe(1)
    await second?.ack()
    expect(batchOf('again').bytes.buffer).toBe(batch.bytes.buffer)
  })

  it('refuses a batch that is larger than a transaction, and says what would help', async () => {
    const channel = await open()
    await expect(channel.put(batchOf(...Array.from({ length: 11 }, (_, index) => String(index))))).rejects.toThrow(
      /raise its transactionCapacity \(10\)/,
    )
  })
})
