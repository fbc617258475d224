/**
 * What the window costs and how it feels on a large backlog: first view after a start, frames while scrolling, what an open and
 * searching window takes from the relay, what a hidden one costs, and how large its code is. In Chromium, against a headless agent.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { openBrowser, windowMissing } from '../web/console-page.ts'
import { fillChannel } from './filled-channel.ts'
import { type Figure, median, percentile } from './report.ts'
import { dragFrames, type Frames, jumpTimes, plainFrames, stillFrames, wheelFrames } from './scroll-frames.ts'
import { searchingWindowCost } from './window-cost.ts'
import {
  buildSluice,
  builtRenderer,
  emptyPage,
  openedAt,
  openView,
  pageSeconds,
  setHidden,
  startWindowAgent,
} from './window-agent.ts'

const scrollMilliseconds = 5000
const jumps = 40
const frame = 1000 / 60

/** The backlog waits in `waiting`, whose upstream is not there. */
const waitingFlow = (folder: string) => `a1.sources = in
a1.channels = waiting
a1.sinks = out
a1.sources.in.type = TAILDIR
a1.sources.in.filegroups = f
a1.sources.in.filegroups.f = ${folder}/in/.*
a1.sources.in.channels = waiting
a1.channels.waiting.type = file
a1.channels.waiting.capacity = 1000000000
a1.channels.waiting.dataDirs = ${folder}/waiting
a1.sinks.out.type = avro
a1.sinks.out.hostname = 127.0.0.1
a1.sinks.out.port = 9
a1.sinks.out.channel = waiting
`

async function firstViews(browser: Browser, folder: string, events: number, rounds: number): Promise<Figure[]> {
  const consoles: number[] = []
  const flows: number[] = []
  const rows: number[] = []
  const loads: number[] = []
  for (let round = 0; round < rounds; round++)
    for (const view of ['flow', 'backlog'] as const) {
      const page = await emptyPage(browser)
      const agent = await startWindowAgent(folder, waitingFlow(folder))
      consoles.push(performance.now() - agent.startedAt)
      if (view === 'flow') flows.push((await openedAt(page, agent, '/flow', 'Pause sink out')) - agent.startedAt)
      else {
        rows.push((await openedAt(page, agent, '/backlog/waiting', 'GET /item/')) - agent.startedAt)
        await page.getByText(`${events.toLocaleString('en')} events wait`).waitFor()
        const another = await emptyPage(browser)
        const begun = performance.now()
        loads.push((await openedAt(another, agent, '/backlog/waiting', 'GET /item/')) - begun)
        await another.context().close()
      }
      await page.context().close()
      await agent.process.stop()
    }
  const what = `${(events / 1e6).toFixed(1)} M events wait`
  return [
    { name: `start of the process to its console, ${what}`, value: milliseconds(consoles), ...alone, target: '' },
    {
      name: `start of the process to the Flow view, ${what}`,
      value: milliseconds(flows),
      ...alone,
      target: '< 1000 ms',
    },
    {
      name: 'start of the process to rows of the Backlog view',
      value: milliseconds(rows),
      ...alone,
      target: '< 1000 ms',
    },
    {
      name: 'load of the page of a running agent, nothing cached, to those rows',
      value: milliseconds(loads),
      ...alone,
      target: '< 1000 ms',
    },
  ]
}

const alone = { against: '', ratio: undefined } as const
const milliseconds = (values: readonly number[]) => `${median(values).toFixed(0)} ms`

function framesFigures(name: string, frames: Frames, { against, least }: { against: string; least: Frames }): Figure[] {
  const share = ({ times }: Frames, over: number) =>
    `${((times.filter((time) => time > over).length / times.length) * 100).toFixed(1)} %`
  // A millisecond more than a frame: the times between frames that are on time are not all the same.
  const intervals = (all: Frames) =>
    `${percentile(all.times, 0.5).toFixed(1)} / ${percentile(all.times, 0.99).toFixed(1)} ms; ` +
    `${share(all, frame + 1)} over 16.7 ms, ${share(all, 2 * frame + 1)} over 33 ms`
  const work = ({ busy, script, layout }: Frames) =>
    `${busy.toFixed(1)} ms, of it script ${script.toFixed(1)}, layout ${layout.toFixed(1)}`
  return [
    {
      name: `frames ${name}, p50 / p99`,
      value: intervals(frames),
      against: `${against}: ${intervals(least)}`,
      ratio: percentile(frames.times, 0.99) / percentile(least.times, 0.99),
      target: 'p99 16.7 ms',
    },
    {
      name: "the page's thread per such frame",
      value: work(frames),
      against: work(least),
      ratio: undefined,
      target: '< 16.7 ms',
    },
  ]
}

async function scrolling(browser: Browser, folder: string): Promise<Figure[]> {
  const agent = await startWindowAgent(folder, waitingFlow(folder))
  try {
    const empty = await emptyPage(browser)
    const still = await stillFrames(empty, scrollMilliseconds / 2)
    const plain = await plainFrames(empty, scrollMilliseconds)
    await empty.context().close()
    const page = await openView(await emptyPage(browser), agent, '/backlog/waiting')
    await page.getByRole('grid', { name: 'Waiting events' }).getByText('GET /item/').first().waitFor()
    const wheel = await wheelFrames(page, scrollMilliseconds)
    const drag = await dragFrames(page, scrollMilliseconds)
    const jumped = await jumpTimes(page, jumps)
    await page.context().close()
    return [
      ...framesFigures('while the wheel turns', wheel, { against: 'an empty page', least: still }),
      ...framesFigures('while the scrollbar is dragged', drag, { against: 'plain text dragged', least: plain }),
      {
        name: 'jump of the scrollbar until all rows are there, p50 / p99',
        value: `${percentile(jumped, 0.5).toFixed(0)} / ${percentile(jumped, 0.99).toFixed(0)} ms`,
        ...alone,
        target: '',
      },
    ]
  } finally {
    await agent.process.stop()
  }
}

/** CPU of an idle agent and of its page: with an empty page, seen, and hidden. */
async function hiddenCost(browser: Browser, folder: string, seconds: number): Promise<Figure[]> {
  const agent = await startWindowAgent(folder, waitingFlow(folder))
  try {
    const over = async () => {
      await wait(3000)
      const before = { agent: agent.process.cost().cpuSeconds, page: await pageSeconds(browser) }
      await wait(seconds * 1000)
      const share = (now: number, then: number) => ((now - then) / seconds) * 100
      return {
        agent: share(agent.process.cost().cpuSeconds, before.agent),
        page: share(await pageSeconds(browser), before.page),
      }
    }
    const page = await emptyPage(browser)
    await wait(5000)
    const blank = await over()
    await openView(page, agent, '/backlog/waiting')
    await page.getByRole('grid', { name: 'Waiting events' }).getByText('GET /item/').first().waitFor()
    const seen = await over()
    await setHidden(page, true)
    const hidden = await over()
    await page.context().close()
    const percent = (value: number) => `${value.toFixed(2)} %`
    return [
      {
        name: `CPU of a hidden page over ${seconds} s`,
        value: percent(hidden.page),
        against: `seen: ${percent(seen.page)}, an empty page: ${percent(blank.page)}`,
        ratio: undefined,
        target: '< 0.5 %',
      },
      {
        name: `CPU of its agent over ${seconds} s`,
        value: percent(hidden.agent),
        against: `seen: ${percent(seen.agent)}, no page: ${percent(blank.agent)}`,
        ratio: undefined,
        target: '',
      },
    ]
  } finally {
    await agent.process.stop()
  }
}

const wait = (milliseconds_: number) => new Promise((resolve) => setTimeout(resolve, milliseconds_))

function bundleSize(): Figure {
  const sizes = readdirSync(builtRenderer, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:js|css|html|svg)$/.test(entry.name))
    .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length)
  const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1000
  return {
    name: `the page's files, all ${sizes.length}, gzipped`,
    value: `${kilobytes.toFixed(0)} kB`,
    against: '250 kB',
    ratio: kilobytes / 250,
    target: '<= 1',
  }
}

export async function windowBench(options: { events: number; millions: number; rounds: number }): Promise<Figure[]> {
  if (windowMissing !== '') throw new Error(windowMissing)
  buildSluice()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-window-'))
  mkdirSync(join(folder, 'in'))
  const browser = await openBrowser()
  try {
    const { events } = await fillChannel(join(folder, 'waiting'), options.events)
    return [
      ...(await firstViews(browser, folder, events, options.rounds)),
      ...(await scrolling(browser, folder)),
      ...(await searchingWindowCost(browser, join(folder, 'waiting'), options)),
      ...(await hiddenCost(browser, folder, 20)),
      bundleSize(),
    ]
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
