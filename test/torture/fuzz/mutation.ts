/** What fuzzing does to bytes: small damage, lengths that lie, pieces of other inputs. */
import type { SeededRandom } from '../seeded-random.ts'

/** Numbers at which length checks break. */
const edges = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x100000, 0x7fffffff, -0x80000000, 0x4000000]
/** The same kind as Avro's zig-zag longs: -1, -2^53, 2^53, 2^62, eleven bytes without an end. */
const longEdges = ['01', '00', 'ffffffffffffff1f', 'feffffffffffff1f', 'feffffffffffffff7f', 'ffffffffffffffffffffff']
const mostBytes = 256 * 1024

type Mutation = (random: SeededRandom, bytes: Buffer, others: readonly Buffer[]) => Buffer

function splice(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))])
}

function piece(random: SeededRandom, bytes: Buffer, most = 400): Buffer {
  const from = random.below(bytes.length + 1)
  return bytes.subarray(from, from + random.below(Math.min(most, bytes.length - from) + 1))
}

const mutations: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[random.below(copy.length)]! ^= 1 << random.below(8)
    return copy
  },
  function setByte(random, bytes) {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[random.below(copy.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
    return copy
  },
  function setNumber(random, bytes) {
    if (bytes.length < 4) return bytes
    const copy = Buffer.from(bytes)
    // Most headers of frames are aligned to their start.
    const at = random.chance(0.5) ? Math.min(random.pick([0, 4, 8]), copy.length - 4) : random.below(copy.length - 3)
    const value = random.pick(edges)
    if (random.chance(0.5)) copy.writeInt32BE(value, at)
    else copy.writeInt32LE(value, at)
    return copy
  },
  function setLong(random, bytes) {
    const long = Buffer.from(random.pick(longEdges), 'hex')
    return splice(bytes, random.below(bytes.length + 1), random.below(3), long)
  },
  function remove(random, bytes) {
    return splice(bytes, random.below(bytes.length + 1), 1 + random.below(40), Buffer.alloc(0))
  },
  function insertNoise(random, bytes) {
    return splice(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(40)))
  },
  function repeat(random, bytes) {
    const part = piece(random, bytes)
    const times = 1 + random.below(random.chance(0.1) ? 200 : 4)
    return splice(bytes, random.below(bytes.length + 1), 0, Buffer.concat(Array.from({ length: times }, () => part)))
  },
  function crossOver(random, bytes, others) {
    return splice(bytes, random.below(bytes.length + 1), random.below(60), piece(random, random.pick(others)))
  },
  function cut(random, bytes) {
    return bytes.subarray(0, random.below(bytes.length + 1))
  },
  function append(random, bytes, others) {
    return Buffer.concat([bytes, random.pick(others)])
  },
]

/** `bytes` with one to six mutations; `others` are inputs of the same kind, of which pieces may come in. */
export function mutate(random: SeededRandom, bytes: Buffer, others: readonly Buffer[]): Buffer {
  let mutated = bytes
  for (let left = 1 + random.below(6); left > 0; left--) mutated = random.pick(mutations)(random, mutated, others)
  return mutated.subarray(0, mostBytes)
}

/** The same for texts, which words of their language get further into than noise does. */
export function mutateText(
  random: SeededRandom,
  text: Buffer,
  others: readonly Buffer[],
  words: readonly string[],
): Buffer {
  let mutated = text
  for (let left = 1 + random.below(8); left > 0; left--)
    mutated = random.chance(0.6)
      ? splice(mutated, random.below(mutated.length + 1), random.below(12), Buffer.from(random.pick(words)))
      : random.pick(mutations)(random, mutated, others)
  return mutated.subarray(0, mostBytes)
}
