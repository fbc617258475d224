import { expect } from 'vitest'
import type { Channel } from '../../core/channel/channel.ts'
import { MemoryChannel } from '../../core/channel/memory/memory-channel.ts'
import { systemClock } from '../../core/clock.ts'
import { makeFileChannel, numbersOf, temporaryFolder } from '../file-channel-rig.ts'

export interface ContractLimits {
  readonly capacity: number
  readonly keepAlive: number
}

/** A kind of channel that is held to the contract of `core/channel/channel.ts`. */
export interface ContractSubject {
  readonly kind: string
  /** An open channel; `remove` closes it and takes its traces away. */
  make(limits?: Partial<ContractLimits>): Promise<{ channel: Channel; remove: () => Promise<void> }>
}

const defaults: ContractLimits = { capacity: 100, keepAlive: 40 }
const transactionCapacity = 50

export const contractSubjects: readonly ContractSubject[] = [
  {
    kind: 'memory',
    async make(limits) {
      const settings = { ...defaults, ...limits, transactionCapacity, byteCapacity: Infinity }
      const channel = new MemoryChannel('c1', settings, systemClock)
      await channel.open()
      return { channel, remove: () => channel.close() }
    },
  },
  {
    kind: 'file',
    async make(limits) {
      const place = temporaryFolder()
      // Small segments and little memory: events come from the disk too, and drained segments go.
      const small = { transactionCapacity, segmentSize: 2048, hotTail: 512, minimumRequiredSpace: 0 }
      const channel = makeFileChannel(place.folder, { ...defaults, ...limits, ...small })
      await channel.open()
      return {
        channel,
        remove: async () => {
          await channel.close(1000)
          place.remove()
        },
      }
    },
  },
]

/** Up to `count` events that wait now, as a lease and its numbers. */
export async function takeNow(channel: Channel, count = transactionCapacity, bytes = Infinity) {
  const lease = await channel.take(count, bytes, 0)
  return { lease, numbers: numbersOf(lease?.batches ?? []) }
}

/** Holds the equation of the ledger, and that what it calls queued is what the channel says waits. */
export function holdLedger(channel: Channel): void {
  const { events, ledger } = channel.stats()
  const { received, delivered, queued, dropped, quarantined, lost } = ledger
  const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  expect({ received, events }).toEqual({ received: delivered + queued + gone + quarantined + lost, events: queued })
}
