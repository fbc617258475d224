import { createServer } from 'node:net'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

/** Two sources that cannot listen and one sink that nobody answers: three events, and more of the sink's. */
const flow = (taken: number) => `
a1.sources = r1 r2
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = ${taken}
a1.sources.r1.channels = c1
a1.sources.r2.type = netcat
a1.sources.r2.bind = 127.0.0.1
a1.sources.r2.port = ${taken}
a1.sources.r2.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = FOLDER/out
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '')(`the Events view ${windowMissing}`, () => {
  const taken = createServer()
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    await browser.close()
    taken.close()
  })
  beforeEach(async () => {
    const address = taken.address()
    opened = await ConsolePage.open(browser, { flow: flow(typeof address === 'object' ? (address?.port ?? 0) : 0) })
    await opened.go('/events')
    await rows('source:r1').waitFor()
    await rows('source:r2').waitFor()
  })
  afterEach(() => opened.close())

  const rows = (part: string) =>
    opened.page.getByRole('row').filter({ has: opened.page.getByRole('link', { name: part, exact: true }) })
  const empty = () => opened.page.getByText('Nothing is open')

  test('says what is wrong, counts repeats as they come, and leads to the part', async () => {
    const { page } = opened
    const row = rows('source:r1')
    expect(await row.textContent()).toContain('SLUICE_LISTEN')
    expect(await row.textContent()).toMatch(/something else listens there/)
    await expect
      .poll(async () => Number(await row.getByRole('cell').nth(4).textContent()), { timeout: 30_000 })
      .toBeGreaterThan(1)
    expect(await row.textContent()).toMatch(/since \d{4}-\d\d-\d\d/)
    expect(await opened.violations()).toEqual([])
    await row.getByRole('link').click()
    await expect.poll(() => page.url()).toContain('#/sources/r1')
    expect(opened.complaints).toEqual([])
  })

  test('acknowledges one and the shown ones, for good', async () => {
    const { page } = opened
    // An operator's own act is kept too, and asks for nothing. It also stops the retries that would report anew.
    for (const source of ['r1', 'r2']) {
      await opened.go('/flow')
      await page.getByRole('button', { name: `Pause source ${source}` }).click()
      await page.getByRole('button', { name: `Resume source ${source}` }).waitFor()
    }
    await opened.go('/events')
    await rows('source:r1')
      .getByRole('button', { name: /^Acknowledge/ })
      .click()
    await rows('source:r1').waitFor({ state: 'detached' })
    expect(await rows('source:r2').count()).toBe(1)

    await page.getByLabel('All', { exact: true }).check({ force: true })
    await expect.poll(() => rows('source:r1').filter({ hasText: 'SLUICE_LISTEN' }).textContent()).toContain('seen')
    expect(await rows('source:r1').filter({ hasText: 'paused by the operator' }).count()).toBe(1)

    await page.getByRole('searchbox', { name: 'Text' }).fill('LISTENS there')
    await expect.poll(() => page.getByRole('row').count()).toBe(3)
    await page.getByRole('button', { name: 'Acknowledge these 1' }).click()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await expect.poll(() => page.getByRole('row').count()).toBe(5)
    await page.getByLabel('Open', { exact: true }).check({ force: true })
    await empty().waitFor()

    await opened.restartAgent()
    await page.reload()
    await empty().waitFor({ timeout: 30_000 })
  })

  test('finds by part and code, keeps the filter in the address, and says when nothing fits', async () => {
    const { page } = opened
    await page.getByLabel('Part', { exact: true }).selectOption('source:r2')
    await rows('source:r1').waitFor({ state: 'detached' })
    expect(await rows('source:r2').count()).toBe(1)
    await page.getByLabel('Code', { exact: true }).selectOption('SLUICE_LISTEN')
    await page.getByRole('searchbox', { name: 'Text' }).fill('no such words')
    await page.getByText('No event fits this filter.').waitFor()
    await page.reload()
    await page.getByText('No event fits this filter.').waitFor()
    expect(await page.getByRole('searchbox', { name: 'Text' }).inputValue()).toBe('no such words')
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await rows('source:r1').waitFor()
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await opened.violations()).toEqual([])
    await page.getByRole('button', { name: 'Acknowledge all' }).click()
    await page.getByText('2 events are acknowledged').waitFor()
  })
})
