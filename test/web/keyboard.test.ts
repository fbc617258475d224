/** Every view by the keyboard alone: all that can be done is reached, has a name, and shows that it has the focus. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = TAILDIR
a1.sources.r1.filegroups = g1
a1.sources.r1.filegroups.g1 = FOLDER/in/.*
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = avro
a1.sinks.k1.hostname = 127.0.0.1
a1.sinks.k1.port = 1
a1.sinks.k1.channel = c1
`

const views = [
  ['f', 'Flow'],
  ['c', 'Channel c1'],
  ['b', 'Backlog'],
  ['s', 'Sources'],
  ['o', 'Configuration'],
  ['k', 'Secrets'],
  ['e', 'Events'],
  ['u', 'Set up'],
] as const

interface Focused {
  /** What a screen reader would say first; empty for what has no name. */
  readonly name: string
  readonly ring: boolean
  readonly seen: boolean
}

/** Presses Tab until the focus is at the beginning again, and tells of every stop. */
async function walk(page: Page): Promise<Focused[]> {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('[data-walked]')) one.removeAttribute('data-walked')
    // The walk begins at the beginning, wherever the last one ended.
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
  })
  const stops: Focused[] = []
  for (let at = 0; at < 300; at++) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const element = document.activeElement
      if (!(element instanceof HTMLElement) || element === document.body || element.dataset.walked === 'yes') return
      element.dataset.walked = 'yes'
      const { labels } = element as Partial<HTMLInputElement>
      const label = [...(labels ?? [])].map((one) => one.textContent).join(' ')
      const name = element.getAttribute('aria-label') ?? (label || element.textContent)
      // What only looks like a control shows the focus that the control has.
      const looks = [element, ...(element.closest('label') ? [element.closest('label') as HTMLElement] : [])]
      const ring = looks.some((one) => getComputedStyle(one).outlineStyle !== 'none')
      const { top, left, bottom, right } = element.getBoundingClientRect()
      const seen = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth
      return { name: name.trim().replace(/\s+/g, ' ').slice(0, 60), ring, seen }
    })
    if (stop === undefined) return stops
    stops.push(stop)
  }
  throw new Error('the focus does not come round')
}

/** What can be pressed or filled in the page and was no stop of the walk. */
function missed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const controls = document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary')
    return (
      [...controls]
        .filter((one) => !one.matches(':disabled, [tabindex="-1"], [aria-hidden="true"]') && one.checkVisibility())
        .filter((one) => one.dataset.walked !== 'yes')
        // Of radio buttons the chosen one is the stop; the arrow keys lead to the others.
        .filter((one) => !(one instanceof HTMLInputElement && one.type === 'radio'))
        .map((one) => one.outerHTML.slice(0, 120))
    )
  })
}

describe.skipIf(windowMissing !== '')(`the window by keyboard ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
    opened = await ConsolePage.open(browser, { flow })
    appendFileSync(join(opened.folder, 'in/app.log'), 'one\ntwo\nthree\n')
  })
  afterAll(async () => {
    await opened.close()
    await browser.close()
  })

  test.each(views)('g %s opens %s, in which everything is reached', async (key, title) => {
    const { page } = opened
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    await page.waitForTimeout(500)
    const stops = await walk(page)
    expect(stops.length).toBeGreaterThan(10)
    expect(stops.filter(({ name, ring, seen }) => name === '' || !ring || !seen)).toEqual([])
    expect(await missed(page)).toEqual([])
  })

  test('a sink is paused, the channel drained with a limit and the theme changed without a mouse', async () => {
    const { page } = opened
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('pause sink k1')
    await page.keyboard.press('Enter')
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    const sink = page.getByRole('article', { name: 'sink k1' })
    await sink.getByRole('button', { name: 'Resume sink k1' }).waitFor()
    await page.getByRole('button', { name: 'Drain… channel c1' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Drain channel c1' })
    await dialog.waitFor()
    // The focus is in the dialog and stays there.
    for (let at = 0; at < 8; at++) {
      expect(await dialog.evaluate((box) => box.contains(document.activeElement))).toBe(true)
      await page.keyboard.press('Tab')
    }
    await dialog.getByLabel('At most so many events a second').press('5')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'End drain of channel c1' }).press('Enter')
    await page.getByRole('button', { name: 'Drain… channel c1' }).press('Enter')
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Drain…')
    await page.getByLabel('Theme').press('d')
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
  })
})
