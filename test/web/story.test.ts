/**
 * The product's story, played as its operator lives it: a relay under load, an upstream that dies, a backlog that is
 * watched, forecast, searched, exported and drained, and every line arrives once. Screenshots of each step in both
 * themes are left in test/output/story.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = (port: number) => `a1.sources = files
a1.channels = backlog
a1.sinks = upstream
a1.sources.files.type = TAILDIR
a1.sources.files.filegroups = g1
a1.sources.files.filegroups.g1 = FOLDER/in/.*
a1.sources.files.channels = backlog
a1.channels.backlog.type = file
a1.channels.backlog.capacity = 5000000
a1.sinks.upstream.type = avro
a1.sinks.upstream.hostname = 127.0.0.1
a1.sinks.upstream.port = ${port}
a1.sinks.upstream.channel = backlog
`
const output = join(import.meta.dirname, '../output/story')
const linesAtOnce = 200
const patient = { timeout: 60_000 }

/** A count that has been the same for two seconds. */
async function settledCount(count: () => number): Promise<number> {
  for (let last = count(), since = performance.now(); ;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = count()
    if (now === last && performance.now() - since > 2000) return now
    if (now !== last) [last, since] = [now, performance.now()]
  }
}

describe.skipIf(windowMissing !== '')(`the story ${windowMissing}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
    mkdirSync(output, { recursive: true })
  })
  afterAll(() => browser.close())

  test(
    'an outage is seen, understood, worked on and ended, and every line arrives once',
    { timeout: 300_000 },
    async () => {
      const port = await unusedPort()
      const opened = await ConsolePage.open(browser, {
        flow: flow(port),
        context: { acceptDownloads: true },
      })
      const { page, folder } = opened
      const out = join(folder, 'collected')
      const collect = () =>
        new SluiceProcess(['collect', '--port', String(port), '--out', out, '--data-dir', join(folder, 'collector')])
      let shots = 0
      const picture = async (name: string) => {
        shots++
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await page.screenshot({ path: join(output, `${shots}-${name}-${colorScheme}.png`) })
        }
      }
      let written = 0
      const write = () => {
        let text = ''
        for (let at = 0; at < linesAtOnce; at++) text += `request ${written++} served in ${written % 97} ms\n`
        appendFileSync(join(folder, 'in/app.log'), text)
      }
      const arrived = () =>
        readdirSync(out).flatMap((file) => readFileSync(join(out, file), 'utf8').split('\n').slice(0, -1))
      let collector = collect()
      const load = setInterval(write, 100)
      try {
        await collector.says(/collecting/)
        await page.getByText('Everything flows.').waitFor()
        await expect.poll(() => arrived().length, patient).toBeGreaterThan(2_000)
        await picture('under-load')

        // The upstream tier dies under load.
        await collector.kill()
        await page.getByText(/Pressure starts at:.*sink upstream is waiting: upstream/).waitFor(patient)
        await picture('upstream-away')
        await opened.go('/channel/backlog')
        await page.getByRole('heading', { level: 1, name: 'Channel backlog' }).waitFor()
        await expect
          .poll(() => page.getByLabel('Forecast').textContent(), { timeout: 120_000 })
          .toMatch(/full in .*\d/i)
        await picture('backlog-grows')
        await opened.go('/events')
        await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
        await page
          .locator('main')
          .getByText(/upstream/)
          .filter({ visible: true })
          .first()
          .waitFor()
        await picture('events')

        // One event is looked for among those that wait, looked at, and exported.
        await opened.go('/backlog/backlog')
        await page.getByRole('heading', { level: 1, name: 'Backlog' }).waitFor()
        const wanted = written - 5
        await page.getByRole('searchbox').fill(`request ${wanted} served`)
        await page.getByRole('button', { name: 'Search' }).click()
        const hits = page.getByRole('grid', { name: 'Found events' })
        await hits.getByText(`request ${wanted} served`).click(patient)
        const detail = page.getByRole('complementary', { name: /^Event / })
        await detail.getByText(`request ${wanted} served`).waitFor()
        await picture('event-found')
        await page.getByRole('button', { name: 'Export…' }).click()
        const dialog = page.getByRole('dialog')
        await dialog.getByRole('button', { name: 'Export', exact: true }).click()
        const [download] = await Promise.all([
          page.waitForEvent('download', patient),
          dialog.getByRole('link', { name: /^Download/ }).click(patient),
        ])
        const exported = readFileSync(await download.path(), 'utf8')
          .trimEnd()
          .split('\n')
        expect(exported.map((line) => (JSON.parse(line) as { body: string }).body)).toEqual([
          expect.stringContaining(`request ${wanted} served`),
        ])
        await picture('exported')
        await dialog.getByRole('button', { name: 'Close' }).click()
        clearInterval(load)

        // The sink is paused, the upstream comes back, and the backlog is drained at a measured rate.
        await opened.go('/flow')
        await page.getByRole('button', { name: 'Pause sink upstream' }).click()
        await page.getByRole('button', { name: 'Resume sink upstream' }).waitFor()
        collector = collect()
        await collector.says(/collecting/)
        // What the collector had taken in before it was killed comes out of its own channel first.
        const before = await settledCount(() => arrived().length)
        await page.getByRole('button', { name: 'Drain… channel backlog' }).click()
        await page.getByLabel('At most so many events a second').fill('4,000')
        await page.getByRole('button', { name: 'Drain', exact: true }).click()
        await page.getByRole('article', { name: 'channel backlog' }).getByText('draining').waitFor(patient)
        expect(arrived()).toHaveLength(before)
        await page.getByRole('button', { name: 'Resume sink upstream' }).click()
        await opened.go('/channel/backlog')
        await page
          .getByText(/ left, .*(?:s|min)/)
          .first()
          .waitFor(patient)
        await picture('draining')
        await expect
          .poll(() => page.locator('main').textContent(), { timeout: 120_000 })
          .toMatch(/Drained: nothing waits/)
        await picture('drained')
        await opened.go('/flow')
        await page.getByRole('button', { name: 'End drain of channel backlog' }).click()

        await expect.poll(() => arrived().length, patient).toBe(written)
        const numbers = arrived().map((line) => Number(/^request (\d+) /.exec(line)?.[1]))
        expect(numbers.toSorted((one, other) => one - other)).toEqual(Array.from({ length: written }, (_, at) => at))
        await page.getByText('Everything flows.').waitFor(patient)
        await picture('all-is-well')
        expect(opened.complaints).toEqual([])
      } finally {
        clearInterval(load)
        await collector.stop()
        await opened.close()
      }
    },
  )
})
