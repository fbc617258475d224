/**
 * Every view as it looks to those who use it: light, dark, forced colours, small, large, at 200 % zoom, with nothing in
 * it and with far too much. Screenshots of all of it are left in test/output/appearance.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'
import { crowdedFlow, longAgent, longChannel, longSource, writeWatchedFiles } from './crowded-flow.ts'
import { cutOff } from './cut-off.ts'

const output = join(import.meta.dirname, '../output/appearance')

const looks = [
  { name: 'light', media: { colorScheme: 'light', forcedColors: 'none' }, size: { width: 1280, height: 800 } },
  { name: 'dark', media: { colorScheme: 'dark', forcedColors: 'none' }, size: { width: 1280, height: 800 } },
  { name: 'forced', media: { colorScheme: 'dark', forcedColors: 'active' }, size: { width: 1280, height: 800 } },
  { name: 'small', media: { colorScheme: 'light', forcedColors: 'none' }, size: { width: 800, height: 600 } },
  { name: 'large', media: { colorScheme: 'dark', forcedColors: 'none' }, size: { width: 2560, height: 1440 } },
  // A window of 1280 x 800 that is zoomed to 200 % has half as many pixels of its own.
  { name: 'zoomed', media: { colorScheme: 'light', forcedColors: 'none' }, size: { width: 640, height: 400 } },
] as const

/** What is wrong with the present view in each look, in words. */
async function judge(opened: ConsolePage, name: string): Promise<string[]> {
  const { page } = opened
  const wrong: string[] = []
  for (const look of looks) {
    await page.setViewportSize(look.size)
    await page.emulateMedia(look.media)
    await settled(page)
    await page.screenshot({ path: join(output, `${name}-${look.name}.png`) })
    const said = [...(await opened.violations()), ...(await cutOff(page))]
    wrong.push(...said.map((text) => `${name}, ${look.name}: ${text}`))
  }
  return wrong
}

/** Two frames: what follows a size is drawn. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** Nothing has ever come in. */
const idleFlow = `a1.sources = r1
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

const views = (channel: string, source: string) => [
  { name: 'flow', path: '/flow', title: 'Flow' },
  { name: 'channel', path: `/channel/${channel}`, title: `Channel ${channel}` },
  { name: 'backlog', path: `/backlog/${channel}`, title: 'Backlog' },
  { name: 'folder', path: '/backlog/folder/new', title: 'Open channel folder' },
  { name: 'sources', path: `/sources/${source}`, title: 'Sources' },
  { name: 'configuration', path: '/configuration', title: 'Configuration' },
  { name: 'secrets', path: '/secrets', title: 'Secrets' },
  { name: 'events', path: '/events', title: 'Events' },
  { name: 'setup', path: '/setup', title: 'Set up' },
]

describe.skipIf(windowMissing !== '')(`every view ${windowMissing}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
    mkdirSync(output, { recursive: true })
  })
  afterAll(() => browser.close())

  /** Opens each view and judges it; what it shows has had the time to come. */
  async function judgeAll(opened: ConsolePage, prefix: string, channel: string, source: string): Promise<string[]> {
    const wrong: string[] = []
    for (const { name, path, title } of views(channel, source)) {
      await opened.page.setViewportSize(looks[0].size)
      await opened.go(path)
      await opened.page.getByRole('heading', { level: 1, name: title }).waitFor()
      await opened.page.waitForTimeout(700)
      wrong.push(...(await judge(opened, `${prefix}-${name}`)))
    }
    return wrong
  }

  test('is whole and readable with far too much in it, in every look', { timeout: 400_000 }, async () => {
    const prepare = (folder: string) => writeWatchedFiles(join(folder, 'in'))
    const opened = await ConsolePage.open(browser, { flow: crowdedFlow(), prepare })
    try {
      await opened.page.getByText(/Pressure starts at:/).waitFor()
      expect(await judgeAll(opened, 'crowded', longChannel, longSource)).toEqual([])
      expect(opened.complaints).toEqual([])
    } finally {
      await opened.close()
    }
  })

  test(
    'asks in dialogs that are whole and readable with names that are too long, in every look',
    { timeout: 400_000 },
    async () => {
      const flow = crowdedFlow().replaceAll(/^a1\./gm, `${longAgent}.`)
      const prepare = (folder: string) => writeWatchedFiles(join(folder, 'in'))
      const opened = await ConsolePage.open(browser, { flow, prepare, agent: longAgent })
      const { page } = opened
      const dialog = page.getByRole('dialog')
      const at = async (path: string, title: string) => {
        await page.setViewportSize(looks[0].size)
        await opened.go(path)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
      }
      const judged = async (name: string) => {
        await dialog.waitFor()
        const wrong = await judge(opened, `dialog-${name}`)
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })
        return wrong
      }
      try {
        const wrong: string[] = []
        await page.getByRole('button', { name: `Drain… channel ${longChannel}` }).click()
        await page.getByLabel('At most so many events a second').fill('x')
        wrong.push(...(await judged('drain')))
        await at(`/backlog/${longChannel}`, 'Backlog')
        await page.getByRole('button', { name: 'Export…' }).click()
        await dialog.getByRole('button', { name: 'Export', exact: true }).click()
        await dialog.getByRole('link', { name: /^Download/ }).waitFor()
        wrong.push(...(await judged('export')))
        await page.keyboard.press('Control+k')
        await dialog.getByLabel('Command', { exact: true }).fill('payment-gateway')
        wrong.push(...(await judged('palette')))
        await at('/configuration', 'Configuration')
        const editor = page.getByRole('textbox', { name: /^Text of/ })
        await editor.fill(
          (await editor.inputValue()).replaceAll('steady', 'unsteady').replaceAll(longSource, `${longSource}-2`),
        )
        await page.getByRole('button', { name: /^Preview/ }).click()
        await dialog.getByRole('button', { name: 'Apply' }).waitFor()
        wrong.push(...(await judged('preview')))
        expect(wrong).toEqual([])
        expect(opened.complaints).toEqual([])
      } finally {
        await opened.close()
      }
    },
  )

  test('says that there is nothing yet, and that its agent is gone, in every look', { timeout: 400_000 }, async () => {
    const opened = await ConsolePage.open(browser, { flow: idleFlow })
    try {
      expect(await judgeAll(opened, 'empty', 'c1', 'r1')).toEqual([])
      expect(opened.complaints).toEqual([])
      await opened.killAgent()
      await opened.go('/flow')
      await opened.page
        .getByRole('alert')
        .getByText(/Trying again/)
        .first()
        .waitFor()
      expect(await judgeAll(opened, 'gone', 'c1', 'r1')).toEqual([])
    } finally {
      await opened.close()
    }
  })
})
