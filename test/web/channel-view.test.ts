import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `
a1.sources = r1
a1.channels = c1 c2
a1.sinks = k1
a1.sources.r1.type = TAILDIR
a1.sources.r1.filegroups = f
a1.sources.r1.filegroups.f = FOLDER/in/.*log
a1.sources.r1.positionFile = FOLDER/data/positions.json
a1.sources.r1.fileHeader = true
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c2.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = FOLDER/out
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '')(`the Channel view ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  let written: number
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    written = 0
    opened = await ConsolePage.open(browser, { flow })
    await opened.go('/channel/c1')
    await opened.page.getByRole('heading', { level: 1, name: 'Channel c1' }).waitFor()
  })
  afterEach(() => opened.close())

  function write(lines: number, file = 'a.log'): void {
    const text = Array.from({ length: lines }, () => `line ${written++}\n`)
    appendFileSync(join(opened.folder, 'in', file), text.join(''))
  }
  const fact = (name: string) =>
    opened.page
      .locator('dl div')
      .filter({ has: opened.page.getByText(name, { exact: true }) })
      .locator('dd')
  const waiting = async () => (await fact('waiting').textContent())?.trim().replace(/ of .*/, '') ?? ''
  const pauseSink = async (word: 'Pause' | 'Resume') => {
    await opened.go('/flow')
    await opened.page.getByRole('button', { name: `${word} sink k1` }).click()
    await opened.page.getByRole('button', { name: `${word === 'Pause' ? 'Resume' : 'Pause'} sink k1` }).waitFor()
    await opened.go('/channel/c1')
    await opened.page.getByRole('heading', { level: 1, name: 'Channel c1' }).waitFor()
  }
  const collected = () =>
    readdirSync(join(opened.folder, 'out'))
      .flatMap((name) => readFileSync(join(opened.folder, 'out', name), 'utf8').split('\n'))
      .filter((line) => line !== '')
  /** The numbers of the chart's table, the newest first. */
  const charted = async () => {
    const texts = await opened.page
      .getByRole('region', { name: 'Backlog, values' })
      .getByRole('row')
      .evaluateAll((rows) => rows.slice(1).map((row) => row.querySelector('td')?.textContent.trim() ?? ''))
    return texts.map((text) => Number(text.replaceAll(',', '')))
  }

  test('charts a backlog that grows while its sink is paused, says so without the picture, and balances its books', async () => {
    const { page } = opened
    await pauseSink('Pause')
    await page.getByText('Values as a table: Backlog', { exact: false }).first().click()
    write(300)
    await expect.poll(waiting, { timeout: 20_000 }).toBe('300')
    await expect.poll(async () => (await charted())[0], { timeout: 20_000 }).toBe(300)
    write(700)
    await expect.poll(async () => (await charted())[0], { timeout: 20_000 }).toBe(1000)
    const chart = page.getByRole('slider', { name: /^Backlog/ })
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/Events 1,000/)

    // The cursor goes back in time by the keyboard, and both charts follow it.
    await chart.focus()
    await chart.press('Home')
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/Events not measured/)
    const rates = page.getByRole('slider', { name: /^Rates/ })
    expect(await rates.getAttribute('aria-valuenow')).toBe(await chart.getAttribute('aria-valuenow'))
    await chart.press('Escape')

    const marks = page.getByRole('region', { name: 'Marks of the charts' })
    await marks.getByRole('row').filter({ hasText: 'paused by the operator' }).waitFor()
    const ledger = page.getByRole('region', { name: 'Ledger' })
    await expect.poll(() => ledger.getByRole('row').allTextContents()).toContain('+Waiting1,000')
    expect(await ledger.textContent()).toContain('It adds up.')
    await expect.poll(() => page.getByLabel('Forecast').textContent()).toMatch(/k1 is paused/)
    await page.getByText('Bytes', { exact: true }).click()
    await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(/Bytes \d+(\.\d+)? kB/)
    for (const range of ['1 h', '3 h', '24 h', '14 d']) {
      await page.getByText(range, { exact: true }).click()
      await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(/Bytes \d+(\.\d+)? kB/)
    }
    expect(await opened.violations()).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await opened.violations()).toEqual([])
    expect(opened.complaints).toEqual([])
  })

  test('drains with a rate limit, says how far it is, and ends at zero with every line out once', async () => {
    const { page } = opened
    await pauseSink('Pause')
    write(2_000)
    await expect.poll(waiting, { timeout: 20_000 }).toBe('2,000')
    await page.getByRole('button', { name: 'Drain…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Drain channel c1' })
    await dialog.getByLabel('At most so many events a second').fill('-5')
    await dialog.getByRole('alert').filter({ hasText: 'is not a rate' }).waitFor()
    await dialog.getByLabel('At most so many events a second').fill('400')
    await dialog.getByRole('button', { name: 'Drain' }).click()
    await page.getByText(/^Drains: 2,000 of 2,000 events left/).waitFor()
    write(10)
    await pauseSink('Resume')
    const left = /Drains: [\d,]+ of 2,000 events left, (\d+ s|under 1 s) to go, at most 400 events\/s/
    await page.getByText(left).waitFor({ timeout: 30_000 })
    await page.getByText('Drained: nothing waits.').waitFor({ timeout: 30_000 })
    expect(await waiting()).toBe('0')
    expect(collected()).toHaveLength(2_000)

    await page.getByRole('button', { name: 'End drain' }).click()
    await expect.poll(() => new Set(collected()).size, { timeout: 30_000 }).toBe(2_010)
    expect(collected()).toHaveLength(2_010)
    expect(opened.complaints).toEqual([])
  })

  test('counts what waits by a header that it finds by itself', async () => {
    const { page } = opened
    await pauseSink('Pause')
    write(120)
    write(30, 'b.log')
    await expect.poll(waiting, { timeout: 20_000 }).toBe('150')
    await page.reload()
    const counts = page.getByRole('region', { name: 'Waiting, by header' })
    await counts.getByRole('button', { name: 'Count by file' }).click()
    await counts.getByText('2 values of file').waitFor()
    expect(await counts.getByRole('row').allTextContents()).toEqual([
      'fileEvents',
      `${join(opened.folder, 'in/a.log')}120`,
      `${join(opened.folder, 'in/b.log')}30`,
    ])
    await counts.getByLabel('Header').fill('nobody')
    await counts.getByRole('button', { name: 'Count', exact: true }).click()
    await expect.poll(() => counts.getByRole('row').allTextContents()).toContain('without it150')
    expect(await opened.violations()).toEqual([])
    expect(opened.complaints).toEqual([])
  })

  test('asks for each series once a second at most, and for nothing while the page is hidden', async () => {
    const { page } = opened
    await page.getByRole('slider', { name: /^Backlog/ }).waitFor()
    let history = 0
    let all = 0
    page.on('request', (request) => {
      all++
      if (request.url().endsWith('/call/history')) history++
    })
    await page.waitForTimeout(3_000)
    expect(history).toBeGreaterThanOrEqual(5)
    expect(history).toBeLessThanOrEqual(4 * 5)

    const show = (state: string) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, state)
    await show('hidden')
    await page.waitForTimeout(300)
    all = 0
    write(10)
    await page.waitForTimeout(3_000)
    expect(all).toBe(0)
    history = 0
    await show('visible')
    await expect.poll(() => history, { timeout: 10_000 }).toBeGreaterThanOrEqual(5)
    expect(opened.complaints).toEqual([])
  })

  test('sets and ends a rate limit, and shows another channel by its address', async () => {
    const { page } = opened
    const limit = page.getByRole('region', { name: 'Rate limit' })
    await limit.getByLabel('Events a second').fill('abc')
    await limit.getByRole('alert').waitFor()
    await limit.getByLabel('Events a second').fill('1500')
    await limit.getByRole('button', { name: 'Set' }).click()
    await limit.getByText('At most 1,500 events/s leave.').waitFor()
    await limit.getByRole('button', { name: 'Remove' }).click()
    await limit.getByText('None: its sinks take as fast as they can.').waitFor()
    await page.getByText('3 h', { exact: true }).click()
    await expect.poll(() => page.url()).toContain('range=3h')
    await page.getByLabel('Channel', { exact: true }).selectOption('c2')
    await page.getByRole('heading', { level: 1, name: 'Channel c2' }).waitFor()
    expect(page.url()).toContain('#/channel/c2?range=3h')
    await opened.go('/channel/nowhere')
    await page.getByRole('alert').filter({ hasText: 'There is no channel nowhere' }).waitFor()
    expect(opened.complaints).toEqual([])
  })
})
