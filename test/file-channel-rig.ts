import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { FileChannel } from '../core/channel/file/file-channel.ts'
import type { FileChannelSettings } from '../core/channel/file/file-channel-settings.ts'
import { systemClock } from '../core/clock.ts'
import type { Batch } from '../core/event/batch.ts'
import { BatchBuilder } from '../core/event/batch-builder.ts'
import { silentLog } from '../core/log.ts'

/** A folder of a test's own, removed by `remove`. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-channel-'))
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

export function makeFileChannel(folder: string, settings: Partial<FileChannelSettings> = {}): FileChannel {
  return new FileChannel(
    {
      folder,
      capacity: 1_000_000,
      byteCapacity: Infinity,
      keepAlive: 300,
      transactionCapacity: 10_000,
      minimumRequiredSpace: 1 << 20,
      segmentSize: 64 << 20,
      codec: { compression: 'none', keys: [] },
      reserve: 0,
      hotTail: 32 << 20,
      ...settings,
    },
    { name: 'c1', log: silentLog, clock: systemClock },
  )
}

/** Events with the bodies `<first>`, `<first + 1>`, …, each followed by a blank and `padding` bytes. */
export function numberedBatch(first: number, count: number, padding = 0): Batch {
  const builder = new BatchBuilder(1024)
  for (let number = first; number < first + count; number++)
    builder.addBody(Buffer.from(`${number} ${'x'.repeat(padding)}`))
  return builder.finish()
}

/** The numbers in the bodies of a batch. */
export function numbersOf(batches: readonly Batch[]): number[] {
  return batches.flatMap((batch) => [...batch.events()].map(({ body }) => Number.parseInt(body.toString(), 10)))
}

/** Takes and acknowledges until nothing is left; the numbers in the order in which they came. */
export async function drainNumbers(channel: FileChannel, maxEvents = 1000): Promise<number[]> {
  const numbers: number[] = []
  for (;;) {
    const lease = await channel.take(maxEvents, 1 << 20, 100)
    if (lease === undefined) return numbers
    numbers.push(...numbersOf(lease.batches))
    await lease.ack()
  }
}

export function range(first: number, next: number): number[] {
  return Array.from({ length: next - first }, (_, index) => first + index)
}

/** Holds the equation of the ledger; returns the sum. */
export function ledgerBalance(channel: FileChannel): number {
  const { received, delivered, queued, dropped, quarantined, lost } = channel.stats().ledger
  return received - delivered - queued - quarantined - lost - Object.values(dropped).reduce((sum, n) => sum + n, 0)
}
