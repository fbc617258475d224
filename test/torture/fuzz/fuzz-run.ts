import { expect } from 'vitest'
import { memoryUse } from '../memory-use.ts'
import { SeededRandom } from '../seeded-random.ts'
import { Corpus } from './corpus.ts'
import { Watchdog } from './watchdog.ts'

/** `SLUICE_LONG=1`: a hundred times as many inputs, from a seed of chance. `SLUICE_SEED` brings a run back. */
const long = process.env.SLUICE_LONG === '1'
const firstSeed = Number(process.env.SLUICE_SEED ?? (long ? Math.floor(Math.random() * 2 ** 31) : 1))
const megabyte = 1 << 20

export interface FuzzOptions {
  /** The folder of its corpus. */
  readonly suite: string
  /** Inputs of the short form. */
  readonly inputs: number
  /** Inputs that are under way at once. */
  readonly together?: number
  /** Milliseconds that the inputs of one group may take, the honest client behind them included. */
  readonly limit?: number
  /** Megabytes by which the process may grow over the whole run. */
  readonly growth?: number
  /** An input of chance; `corpus` are the kept ones. */
  readonly make: (random: SeededRandom, corpus: readonly Buffer[]) => Buffer
  /** Rejects when what got the input did something that it must never do. */
  readonly attempt: (input: Buffer) => Promise<void>
  /** Rejects when honest use does not work any more. Without `expect.poll`: vitest keeps each one until the test ends. */
  readonly honest: () => Promise<void>
}

interface Attempt {
  readonly seed: number
  readonly what: string
  readonly input: Buffer
}

/**
 * Tries the kept inputs and then inputs of chance, and after each group of them whether honest use still works. An
 * input that something fails on, or hangs over, is kept in the corpus, and the error says which.
 */
export async function fuzz(options: FuzzOptions): Promise<void> {
  const { suite, inputs, together = 1, limit = 10_000, growth = 160, make } = options
  const corpus = new Corpus(suite)
  const kept = corpus.inputs.map(({ bytes }) => bytes)
  const watchdog = new Watchdog(limit)
  const count = inputs * (long ? 100 : 1)
  const group = async (attempts: readonly Attempt[]) => {
    await tryGroup(options, corpus, watchdog, attempts, limit)
  }
  try {
    await options.honest()
    for (const [index, { name, bytes }] of corpus.inputs.entries())
      await group([{ seed: -1 - index, what: `${suite}/${name}`, input: bytes }])
    let before = await memoryUse()
    const warm = Math.ceil(count / 4)
    for (let at = 0; at < count; at += together) {
      const attempts = Array.from({ length: Math.min(together, count - at) }, (_, index) => {
        const seed = firstSeed + at + index
        return { seed, what: `${suite}, seed ${seed}`, input: make(new SeededRandom(seed), kept) }
      })
      await group(attempts)
      // Pools and compiled code fill in the beginning; from then on nothing may grow with the number of inputs.
      if (at < warm && at + together >= warm) before = await memoryUse()
    }
    const after = await memoryUse()
    const grown = Math.max(after.rss - before.rss, 0) / megabyte
    const held = (after.held - before.held) / megabyte
    process.stdout.write(
      `fuzz ${suite}: ${kept.length} kept inputs and ${count} from seed ${firstSeed} on; grew by ` +
        `${grown.toFixed(1)} MB, live objects by ${held.toFixed(1)} MB\n`,
    )
    expect(grown, 'megabytes of RSS').toBeLessThan(growth)
    expect(held, 'megabytes held').toBeLessThan(growth / 10)
  } finally {
    await watchdog.end()
  }
}

async function tryGroup(
  { attempt, honest }: FuzzOptions,
  corpus: Corpus,
  watchdog: Watchdog,
  attempts: readonly Attempt[],
  limit: number,
): Promise<void> {
  const suspects = attempts.map(({ what }) => what).join('; ')
  const fail = (failed: readonly Attempt[], cause: unknown): never => {
    const paths = failed.map(({ seed, input }) => (seed < 0 ? '' : corpus.keep(seed, input)))
    throw new Error(`${failed.map(({ what }) => what).join('; ')}: kept in ${paths.join(' ')}`, { cause })
  }
  const first = attempts[0]!
  watchdog.begin(suspects, first.seed < 0 ? undefined : corpus.pathOf(first.seed), first.input)
  await Promise.all(
    attempts.map(async (one) => {
      try {
        await within(limit, attempt(one.input))
      } catch (error) {
        fail([one], error)
      }
    }),
  )
  try {
    await within(limit, honest())
  } catch (error) {
    fail(attempts, error)
  }
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${milliseconds} ms`)), milliseconds)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
