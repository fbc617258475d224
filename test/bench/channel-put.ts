/**
 * What a put into the file channel costs against the raw limit: the same bytes appended to a file with one fdatasync a batch.
 * From one source as taildir puts (several under way in one lane), from one that waits for each put before the next, and
 * from four such at once. Interleaved, medians.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileChannel } from '../../core/channel/file/file-channel-definition.ts'
import type { Channel } from '../../core/channel/channel.ts'
import { systemClock } from '../../core/clock.ts'
import { Batch } from '../../core/event/batch.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { silentLog } from '../../core/log.ts'
import { type Figure, median } from './report.ts'

const eventBytes = 200
const megabytesAtOnce = 200

export function benchChannel(folder: string, settings: Readonly<Record<string, string>> = {}): Channel {
  const parsed = fileChannel.settings.parse({
    capacity: '1000000000',
    transactionCapacity: '100000',
    dataDirs: folder,
    ...settings,
  })
  return fileChannel.create(parsed, {
    name: 'bench',
    agent: 'bench',
    log: silentLog,
    clock: systemClock,
    dataDirectory: folder,
    baseDirectory: folder,
  })
}

export function batchOf(events: number): Batch {
  const builder = new BatchBuilder(events * (eventBytes + 8))
  for (let index = 0; index < events; index++)
    builder.addBody(Buffer.from(`event ${index} `.padEnd(eventBytes - 3, 'abcdefgh')))
  return builder.finish()
}

/** MB/s of the raw limit. */
function rawRun(folder: string, batch: Batch, count: number): number {
  const file = openSync(join(folder, 'raw'), 'w')
  const start = performance.now()
  for (let index = 0; index < count; index++) {
    writeSync(file, batch.bytes)
    fdatasyncSync(file)
  }
  const seconds = (performance.now() - start) / 1000
  closeSync(file)
  return (batch.bytes.length * count) / 1e6 / seconds
}

/** What taildir keeps under way for one file. */
const putsUnderWay = 16
const bytesUnderWay = 6 * 1024 * 1024

/** `sources`: how many put at once, each waiting for its last. */
async function channelRun(folder: string, batch: Batch, count: number, sources: number): Promise<number> {
  const channel = benchChannel(join(folder, `channel-${sources}`))
  await channel.open()
  const start = performance.now()
  let left = count
  const source = async () => {
    while (left-- > 0) await channel.put(new Batch(batch.bytes, batch.count))
  }
  await Promise.all(Array.from({ length: sources }, source))
  const seconds = (performance.now() - start) / 1000
  const { queued } = channel.stats().ledger
  await channel.close(5000)
  if (queued !== batch.count * count) throw new Error(`${queued} of ${batch.count * count} events are in the channel`)
  return (batch.bytes.length * count) / 1e6 / seconds
}

export async function channelPut(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const events of [100, 1000, 5000]) {
    const batch = batchOf(events)
    const count = Math.min(2000, Math.ceil((megabytesAtOnce * 1e6) / batch.bytes.length))
    const underWay = Math.min(putsUnderWay, Math.ceil(bytesUnderWay / batch.bytes.length))
    const raw: number[] = []
    const alone: number[] = []
    const tail: number[] = []
    const together: number[] = []
    for (let round = 0; round < rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-put-'))
      try {
        // Each goes first in turn: who comes later finds the disk busy with the others' pages.
        const runs = [
          () => void raw.push(rawRun(folder, batch, count)),
          async () => void alone.push(await channelRun(folder, batch, count, 1)),
          async () => void tail.push(await channelRun(folder, batch, count, underWay)),
          async () => void together.push(await channelRun(folder, batch, count, 4)),
        ]
        for (let turn = 0; turn < runs.length; turn++) await runs[(round + turn) % runs.length]!()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    const against = `append + fdatasync: ${median(raw).toFixed(0)} MB/s`
    for (const [who, values, target] of [
      [`1 source, ${underWay} under way as taildir puts`, tail, '>= 0.6'],
      ['1 source, one at a time', alone, ''],
      ['4 sources, one at a time each', together, '>= 0.6'],
    ] as const)
      figures.push({
        name: `put, batches of ${events}, ${who}`,
        value: `${median(values).toFixed(0)} MB/s`,
        against,
        ratio: median(values) / median(raw),
        target,
      })
  }
  return figures
}
