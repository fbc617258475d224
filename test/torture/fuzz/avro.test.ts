import { constants, deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { avroPairs, lease } from '../../unit/avro-pair.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { Corpus } from './corpus.ts'
import { fuzz } from './fuzz-run.ts'
import { sendHostile } from './hostile-peer.ts'
import { mutate } from './mutation.ts'

const { source, sink } = avroPairs()

/** A source that stores only what it can read again, and its honest client. */
async function target(compression: string) {
  let stored = 0
  const unreadable: unknown[] = []
  const { source: avro } = await source(
    (batch) => {
      try {
        expect([...batch.events()]).toHaveLength(batch.count)
        expect(batch.offsets().at(-1)).toBe(batch.bytes.length)
      } catch (error) {
        unreadable.push(error)
      }
      stored += batch.count
      return Promise.resolve()
    },
    { 'compression-type': compression, handshakeTimeout: '1000', maxFrameSize: String(4 << 20) },
  )
  const { sink: sender } = await sink(avro.port, { 'compression-type': compression })
  const attempt = async (input: Buffer) => {
    await sendHostile({ port: avro.port, host: '127.0.0.1' }, input)
    expect(unreadable, 'batches that were stored and cannot be read').toEqual([])
  }
  const honest = async () => {
    const before = stored
    await sender.deliver(lease([['one', 'two']]), new AbortController().signal)
    expect(stored).toBe(before + 2)
  }
  return { attempt, honest, stored: () => stored }
}

test('Avro frames, handshakes and calls', async () => {
  const { attempt, honest, stored } = await target('none')
  const make = (random: SeededRandom, corpus: readonly Buffer[]) => mutate(random, random.pick(corpus), corpus)
  await fuzz({ suite: 'avro', inputs: 4000, together: 20, make, attempt, honest })
  // Most mutations hit something; that many still say something sensible.
  expect(stored(), 'events of hostile and honest clients').toBeGreaterThan(2000)
})

test('Avro over deflate: mutated before and after compression', async () => {
  const { attempt, honest } = await target('deflate')
  const compressed = (bytes: Buffer) => deflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  const corpus = new Corpus('avro').inputs.map(({ bytes }) => bytes)
  const make = (random: SeededRandom) => {
    const plain = mutate(random, random.pick(corpus), corpus)
    const bytes = compressed(plain)
    return random.chance(0.5) ? bytes : mutate(random, bytes, corpus.map(compressed))
  }
  await fuzz({ suite: 'avro-deflate', inputs: 1500, together: 20, make, attempt, honest })
})
