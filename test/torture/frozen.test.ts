import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { allArrived, compare } from '../integration/collected-lines.ts'
import { TwoTiers, unusedPort } from '../integration/two-tiers.ts'

/** The long form is longer than any time-out of a request. */
const frozenFor = process.env.SLUICE_LONG === '1' ? 60_000 : 3_000

let tiers: TwoTiers | undefined
afterEach(async () => {
  await tiers?.remove()
  tiers = undefined
})

const rss = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
const stateOf = (pid: number) => /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]

test.skipIf(process.platform !== 'linux').each(['collector', 'relay'] as const)(
  'a %s that is frozen while lines are written: the other tier waits without growing, all comes over in the end',
  async (which) => {
    const running = (tiers = new TwoTiers(await unusedPort(), ['a', 'b']))
    await running.startCollector().says(/collecting/)
    await running.startRelay().says(/relaying/)
    await running.write(20_000, 10_000)
    await running.arrived()
    const frozen = running[which]!
    const other = running[which === 'relay' ? 'collector' : 'relay']!
    process.kill(frozen.pid, 'SIGSTOP')
    try {
      await sleep(100)
      expect(stateOf(frozen.pid)).toBe('T')
      const before = rss(other.pid)
      await running.write(100_000, 50_000)
      await sleep(frozenFor)
      expect(rss(other.pid) - before, 'megabytes').toBeLessThan(120)
    } finally {
      process.kill(frozen.pid, 'SIGCONT')
    }
    running.logs[0]?.append(1)
    const thawed = performance.now()
    await running.arrived()
    process.stdout.write(
      `all had arrived ${Math.round(performance.now() - thawed)} ms after the ${which} was let go on\n`,
    )
    expect(await compare(running.out, running.logs)).toEqual(allArrived(running.lines))
    await Promise.all([running.relay?.stop(), running.collector?.stop()])
    expect(await running.received()).toEqual({ relay: running.lines, collector: running.lines })
  },
)
