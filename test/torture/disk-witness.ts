import { expect } from 'vitest'
import type { FileChannel } from '../../core/channel/file/file-channel.ts'
import { drainNumbers, ledgerBalance } from '../file-channel-rig.ts'

const producers = [0, 1, 2] as const
const stride = 100_000_000

/** Events that the world outside was told are safe, in a witness file of `disk-load-child.ts`. */
export function acknowledgedEvents(witness: string): number {
  return acknowledgedOffsets(witness).reduce((sum, offset) => sum + offset, 0)
}

function acknowledgedOffsets(witness: string): number[] {
  const offsets = producers.map(() => 0)
  for (const line of witness.split('\n')) {
    const [kind, producer, offset] = line.split(' ')
    if (kind === 'P') offsets[Number(producer)] = Math.max(offsets[Number(producer)]!, Number(offset))
  }
  return offsets
}

/**
 * Holds an open channel to what the world outside saw: nothing acknowledged is lost, a position and its events are
 * both there or both not, nothing waits twice, the ledger balances. Drains the channel.
 */
export async function holdToWitness(channel: FileChannel, witness: string): Promise<void> {
  const offsets = producers.map((producer) => channel.position(`tail/${producer}`)?.offset ?? 0)
  const { ledger } = channel.stats()
  expect(ledger.lost, 'lost').toBe(0)
  expect(ledgerBalance(channel), 'balance').toBe(0)
  acknowledgedOffsets(witness).forEach((offset, producer) =>
    expect(offsets[producer], `position of producer ${producer}`).toBeGreaterThanOrEqual(offset),
  )
  expect(ledger.received, 'events against positions').toBe(offsets.reduce((sum, offset) => sum + offset, 0))
  const rest = await drainNumbers(channel)
  const seen = new Set(rest)
  expect(seen.size, 'what was drained came twice').toBe(rest.length)
  for (const line of witness.split('\n'))
    if (line.startsWith('G ')) for (const number of line.slice(2).split(' ')) seen.add(Number(number))
  const missing: number[] = []
  offsets.forEach((offset, producer) => {
    for (let number = producer * stride; number < producer * stride + offset; number++)
      if (!seen.has(number)) missing.push(number)
  })
  expect(missing, 'missing').toEqual([])
  expect(channel.stats().events, 'left').toBe(0)
}

/** What is left of a channel on a disk that lied about syncs. */
export interface Aftermath {
  /** Events that were acknowledged and that the channel does not know of: neither is their position there. */
  readonly forgotten: number
  /** Events behind their producer's position that did not come out, and how many the books call lost or quarantined. */
  readonly missing: number
  readonly counted: number
}

/**
 * Holds an open channel to itself where the disk broke its word: what is gone is in the books as lost, or its position is
 * gone too, so that whoever sent it sends it again; nothing waits twice, the ledger balances. Drains the channel.
 */
export async function holdToItself(channel: FileChannel, witness: string): Promise<Aftermath> {
  const acknowledged = acknowledgedOffsets(witness)
  const offsets = producers.map((producer) => channel.position(`tail/${producer}`)?.offset ?? 0)
  expect(ledgerBalance(channel), 'balance').toBe(0)
  const rest = await drainNumbers(channel)
  const seen = new Set(rest)
  expect(seen.size, 'what was drained came twice').toBe(rest.length)
  for (const line of witness.split('\n'))
    if (line.startsWith('G ')) for (const number of line.slice(2).split(' ')) seen.add(Number(number))
  const { lost, quarantined } = channel.stats().ledger
  expect(channel.stats().events, 'left').toBe(0)
  let missing = 0
  offsets.forEach((offset, producer) => {
    for (let number = producer * stride; number < producer * stride + offset; number++) if (!seen.has(number)) missing++
  })
  const forgotten = acknowledged.reduce((sum, one, producer) => sum + Math.max(0, one - (offsets[producer] ?? 0)), 0)
  return { forgotten, missing, counted: lost + quarantined }
}
