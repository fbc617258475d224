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
import { browserSeconds, emptyPage, openView, startWindowAgent, type WindowAgent } from './window-agent.ts'

/** Has to be tried on every event, so the search is always under way: its thread takes only what nobody else wants. */
const slowPattern = '^\\D+\\d\\D+$'
const idleSeconds = 8
const windowStates = ['closed', 'open', 'searching'] as const
type WindowState = (typeof windowStates)[number]

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

/** Has the page search again and again by itself: asking it from here whether it is done would cost more than the search. */
async function searchOn(page: Page): Promise<void> {
  await page.getByLabel('regular expression').check()
  await page.getByRole('searchbox', { name: /Search by/ }).fill(slowPattern)
  await page.evaluate(() => {
    setInterval(() => {
      const buttons = [...document.querySelectorAll<HTMLButtonElement>('#backlog-search button')]
      buttons.find(({ textContent }) => textContent.trim() === 'Search')?.click()
    }, 50)
  })
  await page.getByText(/ looked at/).waitFor()
}

/** Events per second between the arrival of the first tenth and that of the last event. */
async function relayRun(
  agent: WindowAgent,
  receiver: CountingReceiver,
  logs: { written: string; watched: string; lines: number; run: number },
): Promise<number> {
  const before = receiver.events
  // Made beforehand, so that writing it is not part of what is measured.
  renameSync(logs.written, join(logs.watched, `${logs.run}.log`))
  const explain = () => agent.process.output.slice(-3000)
  const start = await receiver.reached(before + logs.lines / 10, 60_000, explain)
  const end = await receiver.reached(before + logs.lines, 240_000, explain)
  return (end.events - start.events) / ((end.at - start.at) / 1000)
}

export async function searchingWindowCost(
  browser: Browser,
  waiting: string,
  { millions, rounds }: { millions: number; rounds: number },
): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-cost-'))
  const watched = join(folder, 'in')
  mkdirSync(watched)
  const lines = (millions / 2) * 1_000_000
  const receiver = await CountingReceiver.start()
  const agent = await startWindowAgent(folder, flowOf(folder, waiting, receiver.port))
  let run = 0
  const measured = async (window: WindowState): Promise<number> => {
    const written = join(folder, 'next.log')
    writeLogFile(written, lines, run * lines)
    const page = window === 'closed' ? undefined : await openView(await emptyPage(browser), agent, '/backlog/waiting')
    if (page !== undefined) {
      // What it costs to open it is another row's matter.
      await page.getByRole('grid', { name: 'Waiting events' }).getByText('GET /item/').first().waitFor()
      if (window === 'searching') await searchOn(page)
      await new Promise((resolve) => setTimeout(resolve, 1500))
    }
    const speed = await relayRun(agent, receiver, { written, watched, lines, run: run++ })
    await page?.context().close()
    rmSync(join(watched, `${run - 1}.log`))
    return speed
  }
  const usual = async (): Promise<number> => {
    const before = agent.process.usualSeconds() + (await browserSeconds(browser))
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000))
    return ((agent.process.usualSeconds() + (await browserSeconds(browser)) - before) / idleSeconds) * 100
  }
  let quiet = NaN
  let besides = NaN
  const turns: Record<WindowState, number>[] = []
  try {
    await measured('closed')
    for (let turn = 0; turn < rounds * 2; turn++) {
      const speeds = { closed: NaN, open: NaN, searching: NaN }
      // A B C C B A: a disk or a cache may get slower or faster with time.
      for (const window of turn % 2 === 0 ? windowStates : windowStates.toReversed())
        speeds[window] = await measured(window)
      turns.push(speeds)
    }
    quiet = await usual()
    const page = await openView(await emptyPage(browser), agent, '/backlog/waiting')
    await searchOn(page)
    besides = await usual()
    await page.context().close()
  } finally {
    await agent.process.stop()
    await receiver.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const perSecond = (values: readonly number[]) => `${(median(values) / 1e6).toFixed(2)} M events/s`
  const beside = (name: string, window: WindowState, target: string): Figure => {
    const ratios = turns.map((speeds) => speeds[window] / speeds.closed)
    return {
      name: `${name}, ${turns.length} turns (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      value: perSecond(turns.map((speeds) => speeds[window])),
      against: `no window: ${perSecond(turns.map(({ closed }) => closed))}`,
      ratio: median(ratios),
      target,
    }
  }
  return [
    beside('relay with an open window', 'open', ''),
    beside('relay with a window that searches', 'searching', '>= 0.95'),
    {
      name: 'CPU of agent and browser that such a search takes at the usual priority',
      value: `${besides.toFixed(1)} % of a processor`,
      against: `nothing to do, no window: ${quiet.toFixed(1)} %`,
      ratio: undefined,
      target: '',
    },
  ]
}
