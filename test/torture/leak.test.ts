import { expect, test } from 'vitest'
import { drainNumbers, makeFileChannel, numberedBatch, numbersOf, temporaryFolder } from '../file-channel-rig.ts'
import { avroPairs } from '../unit/avro-pair.ts'
import { memoryUse } from './memory-use.ts'

const { pair } = avroPairs()

/** Events after the warm-up. */
const events = (process.env.SLUICE_LONG === '1' ? 20 : 1) * 400_000
const perBatch = 1000
/** Bytes; what the collector itself is inexact by is spread over the events too. */
const most = 6

test(`nothing is held of ${events.toLocaleString('en')} events that went through two channels and the wire`, async () => {
  const place = temporaryFolder()
  const settings = { segmentSize: 4 << 20, hotTail: 8 << 20, reserve: 0 }
  const here = makeFileChannel(`${place.folder}/here`, settings)
  const there = makeFileChannel(`${place.folder}/there`, settings)
  try {
    await here.open()
    await there.open()
    const { sink } = await pair((batch, options) => there.put(batch, options))
    let next = 0
    const passOn = async (count: number) => {
      for (const end = next + count; next < end; next += perBatch) {
        await here.put(numberedBatch(next, perBatch, 60))
        const lease = await here.take(perBatch, 1 << 20, 1000)
        if (lease === undefined) throw new Error('nothing came')
        await sink.deliver(lease, new AbortController().signal)
        await lease.ack()
        const arrived = await there.take(perBatch, 1 << 20, 1000)
        expect(numbersOf(arrived?.batches ?? [])[0]).toBe(next)
        await arrived?.ack()
      }
    }
    await passOn(150_000)
    const before = await memoryUse()
    await passOn(events)
    const after = await memoryUse()
    expect(await drainNumbers(there)).toEqual([])
    const perEvent = (after.held - before.held) / events
    process.stdout.write(
      `${perEvent.toFixed(2)} bytes held for each of ${events} events, ` +
        `RSS grew by ${((after.rss - before.rss) / (1 << 20)).toFixed(1)} MB\n`,
    )
    expect(perEvent, 'bytes held for each event').toBeLessThan(most)
  } finally {
    await here.close(2000)
    await there.close(2000)
    place.remove()
  }
})
