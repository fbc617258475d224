/**
 * What an open window that searches takes from the relay: file -> file channel -> Avro with and without it, in turn. The window
 * looks at the relaying channel's agent and searches another channel of it, whose backlog never ends.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { CountingReceiver } from './counting-receiver.ts'
import { writeLogFile } from './log-file.ts'
import { type Figure, median } from './report.ts'
import { emptyPage, openView, startWindowAgent, type WindowAgent } from './window-agent.ts'

const flowOf = (folder: string, waiting: string, port: number) => `a1.sources = in
a1.channels = c waiting
a1.sinks = out stuck
a1.sources.in.type = TAILDIR
a1.sources.in.filegroups = f
a1.sources.in.filegroups.f = ${folder}/in/.*
a1.sources.in.batchSize = 1000
a1.sources.in.channels = c
a1.channels.c.type = file
a1.channels.c.capacity = 100000000
a1.channels.waiting.type = file
a1.channels.waiting.capacity = 1000000000
a1.channels.waiting.dataDirs = ${waiting}
a1.sinks.out.type = avro
a1.sinks.out.hostname = 127.0.0.1
a1.sinks.out.port = ${port}
a1.sinks.out.batch-size = 1000
a1.sinks.out.channel = c
a1.sinks.stuck.type = avro
a1.sinks.stuck.hostname = 127.0.0.1
a1.sinks.stuck.port = 9
a1.sinks.stuck.channel = waiting
`

/** Searches again and again until `ended`; resolves with how often a search was started. */
async function searchOn(page: Page, ended: () => boolean): Promise<number> {
  await page.getByLabel('regular expression').check()
  await page.getByRole('searchbox', { name: /Search by/ }).fill('status=(5|6)\\d\\d$')
  const button = page.getByRole('button', { name: 'Search', exact: true })
  let searches = 0
  while (!ended()) {
    if (await button.isVisible()) {
      await button.click()
      searches++
    }
    await page.waitForTimeout(100)
  }
  return searches
}

async function relayRun(
  agent: WindowAgent,
  receiver: CountingReceiver,
  logs: { written: string; watched: string; lines: number; round: number },
): Promise<number> {
  const before = receiver.events
  // Made beforehand, so that writing it is not part of what is measured.
  renameSync(logs.written, join(logs.watched, `${logs.round}.log`))
  const explain = () => agent.process.output.slice(-3000)
  const start = await receiver.reached(before + 1, 60_000, explain)
  const end = await receiver.reached(before + logs.lines, 240_000, explain)
  return logs.lines / ((end.at - start.at) / 1000)
}

export async function searchingWindowCost(
  browser: Browser,
  waiting: string,
  { millions, rounds }: { millions: number; rounds: number },
): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-cost-'))
  const watched = join(folder, 'in')
  mkdirSync(watched)
  const lines = millions * 1_000_000
  const receiver = await CountingReceiver.start()
  const agent = await startWindowAgent(folder, flowOf(folder, waiting, receiver.port))
  const speeds: Record<'closed' | 'searching', number[]> = { closed: [], searching: [] }
  try {
    for (let round = 0; round <= rounds * 2; round++) {
      // Round 0 warms up; then A B B A, as a disk or a cache may get slower or faster with time.
      const searching = round > 0 && (round % 4 === 2 || round % 4 === 3)
      const written = join(folder, 'next.log')
      writeLogFile(written, lines, round * lines)
      const page = searching ? await openView(await emptyPage(browser), agent, '/backlog/waiting') : undefined
      let over = false
      const searched = page === undefined ? Promise.resolve(0) : searchOn(page, () => over)
      if (page !== undefined) await page.getByRole('button', { name: 'Stop' }).waitFor()
      const speed = await relayRun(agent, receiver, { written, watched, lines, round }).finally(() => {
        over = true
      })
      await searched
      await page?.context().close()
      if (round > 0) speeds[searching ? 'searching' : 'closed'].push(speed)
    }
  } finally {
    await agent.process.stop()
    await receiver.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const perSecond = (values: readonly number[]) => `${(median(values) / 1e6).toFixed(2)} M events/s`
  return [
    {
      name: 'relay with a window that searches',
      value: perSecond(speeds.searching),
      against: `no window: ${perSecond(speeds.closed)}`,
      ratio: median(speeds.searching) / median(speeds.closed),
      target: '>= 0.95',
    },
  ]
}
