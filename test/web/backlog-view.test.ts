import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = TAILDIR
a1.sources.r1.filegroups = g1
a1.sources.r1.filegroups.g1 = FOLDER/in/.*
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = FOLDER/out
a1.sinks.k1.sink.rollInterval = 0
a1.sinks.k1.channel = c1
`
const events = 20_000
const hostile = '\u001b[2J<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e{{ 7*7 }}'

describe.skipIf(windowMissing !== '')(`the Backlog view ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    opened = await ConsolePage.open(browser, { flow, context: { acceptDownloads: true } })
    await opened.page.getByRole('button', { name: 'Pause sink k1' }).click()
    const lines = Array.from({ length: events - 2 }, (_, at) => `line ${at} of a log`)
    appendFileSync(join(opened.folder, 'in/app.log'), `${[...lines, '{"level":"error","n":7}', hostile].join('\n')}\n`)
    await opened.go('/backlog/c1')
    await opened.page.getByText(`${events.toLocaleString('en')} events wait`).waitFor()
  })
  afterEach(() => opened.close())

  test('lists what waits from either end, opens it, and shows a hostile body as the text it is', async () => {
    const { page } = opened
    const grid = page.getByRole('grid', { name: 'Waiting events' })
    await grid.getByText('line 0 of a log').waitFor()
    expect(await grid.getAttribute('aria-rowcount')).toBe(String(events + 1))
    expect(await grid.getByRole('row').count()).toBeLessThan(80)
    await grid.focus()
    await page.keyboard.press('End')
    await grid.getByText('‹ESC›[2J<img src=x').waitFor()
    await page.keyboard.press('Enter')
    const detail = page.getByRole('complementary', { name: `Event ${events - 1}` })
    await detail.getByText('<script>document.title=2</script>‹U+202E›{{ 7*7 }}').waitFor()
    expect(await page.title()).toBe('Sluice')
    await detail.getByRole('button', { name: 'Hex' }).click()
    await detail.getByText(/^00000000 {2}1b 5b 32 4a/).waitFor()
    await page.keyboard.press('Escape')
    await grid.focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'JSON' }).click()
    await page.getByText('"level": "error"').waitFor()
    expect(await opened.violations()).toEqual([])
    expect(opened.complaints).toEqual([])
  })

  test('goes to a number, says beside the field what is wrong, and follows the newest', async () => {
    const { page } = opened
    const grid = page.getByRole('grid', { name: 'Waiting events' })
    await page.getByLabel('Number').fill('999999')
    await page.getByRole('button', { name: 'Go', exact: true }).click()
    await page.getByRole('alert').getByText('0 to 19,999 wait').waitFor()
    await page.getByLabel('Number').fill('12,345')
    await page.getByRole('button', { name: 'Go', exact: true }).click()
    await grid.getByText('line 12345 of a log').waitFor()
    await page.getByLabel('follow the newest').check()
    appendFileSync(join(opened.folder, 'in/app.log'), 'the very last line\n')
    await grid.getByText('the very last line').waitFor()
  })

  test('finds by text and by pattern, and exports what it found, byte for byte', async () => {
    const { page } = opened
    await page.getByLabel('regular expression').check()
    await page.getByRole('searchbox', { name: /Search by/ }).fill('line (')
    await page
      .getByRole('alert')
      .getByText(/Unterminated group/)
      .waitFor()
    await page.getByRole('searchbox', { name: /Search by/ }).fill('^line 1999\\d of')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText(/^8 found; 20,000 of 20,000 events/).waitFor()
    const hits = page.getByRole('grid', { name: 'Found events' })
    await hits.getByText('line 19990 of a log').click()
    await page.getByRole('button', { name: 'Show in the list' }).click()
    await page.getByRole('grid', { name: 'Waiting events' }).getByText('line 19995 of a log').waitFor()

    await page.getByRole('button', { name: 'Export…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Export from channel c1' })
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('link', { name: /^Download c1-.*\.ndjson/ }).click(),
    ])
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n')
    const bodies = lines.map((line) => (JSON.parse(line) as { body: string }).body)
    expect(bodies).toHaveLength(events)
    expect(bodies[777]).toBe('line 777 of a log')
    expect(bodies.at(-1)).toBe(hostile)
    expect(await opened.violations()).toEqual([])
  })
})
