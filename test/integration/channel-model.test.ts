import { fc } from '../property-checks.ts'
import { describe, expect, it } from 'vitest'
import type { Lease } from '../../core/channel/channel.ts'
import { numberedBatch } from '../file-channel-rig.ts'
import { type ContractSubject, contractSubjects, holdLedger, takeNow } from '../unit/channel-contract.ts'

type Step =
  | { readonly do: 'put'; readonly count: number }
  | { readonly do: 'take'; readonly count: number }
  | { readonly do: 'ack' | 'release' | 'quarantine'; readonly which: number }
  | { readonly do: 'reopen' }

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('put', 'take'), count: fc.integer({ min: 1, max: 12 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom('ack', 'ack', 'release', 'quarantine'), which: fc.nat({ max: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen') }) },
  ),
  { minLength: 5, maxLength: 60 },
)

/** The events in front that follow each other without a gap, `most` of them. */
function runOf(waiting: readonly number[], most: number): number[] {
  let count = Math.min(1, waiting.length)
  while (count < most && count < waiting.length && waiting[count] === waiting[count - 1]! + 1) count++
  return waiting.slice(0, count)
}

/** Plays the script against the channel and an array, and compares them after every step. */
async function play(subject: ContractSubject, script: readonly Step[]): Promise<void> {
  const { channel, remove } = await subject.make({ capacity: 10_000 })
  let waiting: number[] = []
  let lent: { lease: Lease; numbers: number[] }[] = []
  const books = { received: 0, delivered: 0, quarantined: 0 }
  const goBack = (numbers: readonly number[]) => (waiting = [...waiting, ...numbers].sort((a, b) => a - b))
  try {
    for (const step of script) {
      if (step.do === 'put') {
        await channel.put(numberedBatch(books.received, step.count, step.count * 7))
        for (let index = 0; index < step.count; index++) waiting.push(books.received++)
      } else if (step.do === 'take') {
        const { lease, numbers } = await takeNow(channel, step.count)
        expect(numbers).toEqual(runOf(waiting, step.count))
        waiting = waiting.slice(numbers.length)
        if (lease) lent.push({ lease, numbers })
      } else if (step.do === 'reopen') {
        // What is on loan comes back; a channel in memory has no other way than a release.
        for (const { lease, numbers } of lent) {
          lease.release()
          goBack(numbers)
        }
        lent = []
        await channel.close(1000)
        await channel.open()
      } else if (lent.length > 0) {
        const [{ lease, numbers }] = lent.splice(step.which % lent.length, 1) as [(typeof lent)[number]]
        if (step.do === 'ack') {
          await lease.ack()
          books.delivered += numbers.length
        } else if (step.do === 'quarantine') {
          await lease.quarantine('refused')
          books.quarantined += numbers.length
        } else {
          lease.release()
          goBack(numbers)
        }
      }
      holdLedger(channel)
      const queued = waiting.length + lent.reduce((sum, { numbers }) => sum + numbers.length, 0)
      expect(channel.stats().ledger).toMatchObject({ ...books, queued, lost: 0 })
    }
  } finally {
    await remove()
  }
}

const runs = { memory: 300, file: Number(process.env.SLUICE_SCRIPTS ?? 25) } as const

describe.each(contractSubjects)('the $kind channel', (subject) => {
  const numRuns = subject.kind === 'memory' ? runs.memory : runs.file
  it(`does what an array would do, in ${numRuns} random scripts`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, (script) => play(subject, script as readonly Step[])),
      { numRuns },
    )
  })
})
