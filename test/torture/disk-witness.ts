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
