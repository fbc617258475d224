/**
 * What a put and a take cost with nothing, 1 GB and 10 GB waiting, and how long a channel with 10 GB takes to open. A put is measured
 * over appends with fdatasync of the same bytes in the same seconds, as a disk that has just got 10 GB is slower for everybody. Takes
 * are compared with those from 0.1 GB, which come from segments too: with less the events are still in memory.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Channel } from '../../core/channel/channel.ts'
import { Batch } from '../../core/event/batch.ts'
import { batchOf, benchChannel } from './channel-put.ts'
import { type Figure, median } from './report.ts'

const eventsOfBatch = 1000
const operations = 300

interface PutCost {
  readonly put: number
  /** Append and fdatasync of the same bytes, in turn with the puts. */
  readonly raw: number
}

async function putCost(folder: string, channel: Channel, batch: Batch): Promise<PutCost> {
  const puts: number[] = []
  const raws: number[] = []
  const file = openSync(join(folder, 'raw'), 'w')
  for (let index = 0; index < operations; index++) {
    let start = performance.now()
    await channel.put(new Batch(batch.bytes, batch.count))
    puts.push(performance.now() - start)
    start = performance.now()
    writeSync(file, batch.bytes)
    fdatasyncSync(file)
    raws.push(performance.now() - start)
  }
  closeSync(file)
  return { put: median(puts), raw: median(raws) }
}

async function takeCost(channel: Channel): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < operations; index++) {
    const start = performance.now()
    const lease = await channel.take(eventsOfBatch, Infinity, 1000)
    if (!lease) throw new Error('the channel is empty')
    times.push(performance.now() - start)
    await lease.ack()
  }
  return median(times)
}

async function fillTo(channel: Channel, gigabytes: number, batch: Batch): Promise<void> {
  while (channel.stats().bytes < gigabytes * 1e9)
    await Promise.all(Array.from({ length: 4 }, () => channel.put(new Batch(batch.bytes, batch.count))))
}

export async function backlog(gigabytes: readonly number[]): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-backlog-'))
  const figures: Figure[] = []
  try {
    let channel = benchChannel(join(folder, 'channel'))
    await channel.open()
    const small = batchOf(eventsOfBatch)
    const large = batchOf(5 * eventsOfBatch)
    await putCost(folder, channel, small)
    const empty = await putCost(folder, channel, small)
    await fillTo(channel, 0.1, large)
    const smallTake = await takeCost(channel)
    const milliseconds = (value: number) => `${value.toFixed(2)} ms`
    for (const size of gigabytes) {
      await fillTo(channel, size, large)
      const { put, raw } = await putCost(folder, channel, small)
      const take = await takeCost(channel)
      figures.push(
        {
          name: `put of ${eventsOfBatch} events, ${size} GB waiting, median`,
          value: `${milliseconds(put)}, raw ${milliseconds(raw)}`,
          against: `with nothing waiting: ${milliseconds(empty.put)}, raw ${milliseconds(empty.raw)}`,
          ratio: put / raw / (empty.put / empty.raw),
          target: '<= 1.2',
        },
        {
          name: `take of ${eventsOfBatch} events, ${size} GB waiting, median`,
          value: milliseconds(take),
          against: `with 0.1 GB waiting: ${milliseconds(smallTake)}`,
          ratio: take / smallTake,
          target: '<= 1.2',
        },
      )
    }
    await channel.close(10_000)
    const opened: number[] = []
    for (let index = 0; index < 5; index++) {
      channel = benchChannel(join(folder, 'channel'))
      const start = performance.now()
      await channel.open()
      opened.push(performance.now() - start)
      const lease = await channel.take(1, Infinity, 1000)
      if (!lease) throw new Error('nothing to take after opening')
      lease.release()
      await channel.close(10_000)
    }
    figures.push({
      name: `open with ${gigabytes.at(-1) ?? 0} GB waiting, warm`,
      value: milliseconds(median(opened)),
      against: '',
      ratio: undefined,
      target: '< 100 ms',
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}
