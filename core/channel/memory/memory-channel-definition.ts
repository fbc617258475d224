import { getHeapStatistics } from 'node:v8'
import { z } from 'zod'
import { defineChannel } from '../../component/definition.ts'
import { whole } from '../../component/settings.ts'
import { MemoryChannel } from './memory-channel.ts'

/** As Flume: four fifths of what the process may use, less the share for headers. */
const defaultBytes = () => Math.floor(getHeapStatistics().heap_size_limit * 0.8)

export const memoryChannel = defineChannel({
  type: 'memory',
  aliases: ['org.apache.flume.channel.MemoryChannel'],
  summary: 'Keeps events in memory: fast, and all that waits is lost when the process ends.',
  differences: [
    'Bytes are counted as they lie in memory (headers and bodies), not in slots of 100 bytes of bodies.',
    'byteCapacity 0 is refused; leave the key out for the default.',
  ],
  settings: z
    .object({
      capacity: whole(1).default(100).describe('Most events that wait in the channel.'),
      transactionCapacity: whole(1).default(100).describe('Most events of one put or one take.'),
      'keep-alive': whole().default(3).describe('Seconds that a put waits for room.'),
      byteCapacity: whole(1)
        .optional()
        .describe('Most bytes that wait in the channel; four fifths of the heap limit by default.'),
      byteCapacityBufferPercentage: whole(0, 100)
        .default(20)
        .describe('Share of byteCapacity that is kept free for what is not counted.'),
    })
    .refine((value) => value.transactionCapacity <= value.capacity, {
      path: ['transactionCapacity'],
      message: 'must not be larger than capacity',
    }),
  create(value, context) {
    const bytes = (value.byteCapacity ?? defaultBytes()) * (1 - value.byteCapacityBufferPercentage / 100)
    return new MemoryChannel(
      context.name,
      {
        capacity: value.capacity,
        transactionCapacity: value.transactionCapacity,
        byteCapacity: Math.max(1, Math.floor(bytes)),
        keepAlive: value['keep-alive'] * 1000,
      },
      context.clock,
    )
  },
})
