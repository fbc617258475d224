import { type AddressInfo, createServer, type Server } from 'node:net'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

/** Two sources that cannot listen while their ports are taken. */
const flow = (ports: readonly number[]) => `
a1.sources = r1 r2
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = ${ports[0] ?? 0}
a1.sources.r1.channels = c1
a1.sources.r2.type = netcat
a1.sources.r2.bind = 127.0.0.1
a1.sources.r2.port = ${ports[1] ?? 0}
a1.sources.r2.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = FOLDER/out
a1.sinks.k1.channel = c1
`

/** The machine may be busy: what comes, comes within this. */
const patient = { timeout: 20_000 }

/** Another program on a free port. */
async function occupy(): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

describe.skipIf(windowMissing !== '')(`the Events view ${windowMissing}`, () => {
  let taken: Server[]
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    taken = await Promise.all([occupy(), occupy()])
    opened = await ConsolePage.open(browser, { flow: flow(taken.map((one) => (one.address() as AddressInfo).port)) })
    await opened.go('/events')
    await rows('source:r1').waitFor()
    await rows('source:r2').waitFor()
  })
  afterEach(async () => {
    await opened.close()
    for (const one of taken) await release(one)
  })

  const rows = (part: string) =>
    opened.page.getByRole('row').filter({ has: opened.page.getByRole('link', { name: part, exact: true }) })
  const empty = () => opened.page.getByText('Nothing is open')

  test('says what is wrong, counts repeats as they come, and leads to the part', async () => {
    const { page } = opened
    const row = rows('source:r1')
    expect(await row.textContent()).toContain('SLUICE_LISTEN')
    expect(await row.textContent()).toMatch(/something else listens there/)
    await expect.poll(async () => Number(await row.getByRole('cell').nth(4).textContent()), patient).toBeGreaterThan(1)
    expect(await row.textContent()).toMatch(/since \d{4}-\d\d-\d\d/)
    expect(await opened.violations()).toEqual([])
    await row.getByRole('link').click()
    await expect.poll(() => page.url(), patient).toContain('#/sources/r1')
    expect(opened.complaints).toEqual([])
  })

  test('acknowledges one and the shown ones, for good', async () => {
    const { page } = opened
    // Nothing is reported anew once the ports are free.
    for (const one of taken) await release(one)
    await opened.go('/flow')
    for (const source of ['r1', 'r2'])
      await page
        .getByRole('article', { name: `source ${source}` })
        .getByText('running')
        .waitFor({ timeout: 60_000 })
    await opened.go('/events')
    await rows('source:r1').getByRole('button').click()
    await rows('source:r1').waitFor({ state: 'detached' })
    expect(await rows('source:r2').count()).toBe(1)

    await page.getByText('All', { exact: true }).click()
    await expect.poll(() => rows('source:r1').textContent(), patient).toContain('seen')
    await page.getByRole('searchbox', { name: 'Text' }).fill('LISTENS there')
    await expect.poll(() => page.getByRole('row').count(), patient).toBe(3)
    await page.getByRole('button', { name: 'Acknowledge these 1' }).click()
    await expect.poll(() => rows('source:r2').textContent(), patient).toContain('seen')
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.getByText('Open', { exact: true }).click()
    await empty().waitFor()

    await page.goto(await opened.restartAgent())
    await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
    await opened.go('/events')
    await empty().waitFor()
    await page.getByText('All', { exact: true }).click()
    await expect.poll(() => rows('source:r2').textContent(), patient).toContain('seen')
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
    await page.getByText(/^\d+ events are acknowledged$/).waitFor()
  })
})
