import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeFileChannel, numberedBatch } from '../file-channel-rig.ts'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = seq
a1.sources.r1.totalEvents = 5
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
`
const events = 3_000

/** Every file of a folder with its size and the time of its last change. */
const contents = (folder: string) =>
  readdirSync(folder).map((name) => {
    const { size, mtimeMs } = statSync(join(folder, name))
    return [name, size, mtimeMs]
  })

describe.skipIf(windowMissing !== '')(`Open channel folder… ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  let place: string
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'sluice-folder-'))
    opened = await ConsolePage.open(browser, { flow, context: { acceptDownloads: true } })
    await opened.go('/backlog/c1')
    await opened.page.getByRole('button', { name: 'Open channel folder…' }).click()
    await opened.page.getByRole('heading', { level: 1, name: 'Open channel folder' }).waitFor()
  })
  afterEach(async () => {
    await opened.close()
    rmSync(place, { recursive: true, force: true })
  })

  /** The folder of a channel of another agent, which is stopped. */
  async function stopped(name: string, keys: readonly Buffer[] = []): Promise<string> {
    const folder = join(place, name)
    const channel = makeFileChannel(folder, { codec: { compression: 'none', keys } })
    await channel.open()
    await channel.put(numberedBatch(0, events))
    await channel.close(1_000)
    return folder
  }
  const open = async (path: string) => {
    await opened.page.getByRole('textbox', { name: 'Folder' }).fill(path)
    await opened.page.getByRole('button', { name: 'Open', exact: true }).click()
  }

  test('shows what waits in a stopped folder: list, number, search, detail, export; writes nothing; closes', async () => {
    const { page } = opened
    const folder = await stopped('c7')
    const before = contents(folder)
    await open(folder)
    const note = page.getByRole('note', { name: 'The opened folder' })
    await note.getByText('Its agent is stopped.').waitFor()
    await note.getByText(folder).waitFor()
    await page.getByText(`${events.toLocaleString('en')} events wait`).waitFor()
    const grid = page.getByRole('grid', { name: 'Waiting events' })
    await grid.getByText('0', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Newest' }).click()
    await grid.getByText('2999').first().waitFor()
    await page.getByLabel('Number').fill('1234')
    await page.getByRole('button', { name: 'Go', exact: true }).click()
    await grid.getByText('1234').first().click()
    await page.getByRole('complementary', { name: 'Event 1234' }).waitFor()
    expect(await opened.violations()).toEqual([])
    await page.getByRole('searchbox', { name: /Search for/ }).fill('199')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText(/^13 found; 3,000 of 3,000 events/).waitFor()
    await page.getByRole('button', { name: 'Export…' }).click()
    await page.getByRole('dialog', { name: 'Export from channel c7' }).waitFor()
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('link', { name: /^Download c7-/ }).click()
    const lines = readFileSync(await (await downloading).path(), 'utf8')
      .trim()
      .split('\n')
    expect(lines).toHaveLength(13)
    await page.keyboard.press('Escape')
    expect(contents(folder)).toEqual(before)
    await page.getByRole('button', { name: 'Close the folder' }).click()
    await page.getByText('None. One that nobody looks at is closed after an hour.').waitFor()
    await page.goBack()
    await page.getByRole('alert').getByText('not open any more: open it again').waitFor()
  })

  test('says beside the field what is wrong, and takes the key of an encrypted folder', async () => {
    const { page } = opened
    const alert = page.getByRole('alert')
    await open('')
    await alert.getByText('give the path of a folder').waitFor()
    await open(join(place, 'gone'))
    await alert.getByText(/there is no such folder on the machine of the agent/).waitFor()
    mkdirSync(join(place, 'empty'))
    await open(join(place, 'empty'))
    await alert.getByText(/is no channel's folder: it has no index.db/).waitFor()
    await open(join(opened.folder, 'data'))
    await alert.getByText(/is channel c1 of this agent/).waitFor()
    const key = randomBytes(32)
    await open(await stopped('secret', [key]))
    await alert.getByText(/are encrypted: give the key file of its agent/).waitFor()
    expect(await page.getByLabel(/Key file/).getAttribute('aria-invalid')).toBe('true')
    expect(await opened.violations()).toEqual([])
    writeFileSync(join(place, 'keys'), key.toString('hex'))
    await page.getByLabel(/Key file/).fill(join(place, 'keys'))
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText(`${events.toLocaleString('en')} events wait`).waitFor()
  })

  test('names the process that has a folder open and follows what comes in there', async () => {
    const { page } = opened
    const folder = await stopped('c7')
    const channel = makeFileChannel(folder)
    await channel.open()
    try {
      await open(folder)
      await page.getByText(`Another process has it open: ${process.pid}.`).waitFor()
      await channel.put(numberedBatch(events, 10))
      await page.getByText('3,010 events wait').waitFor()
    } finally {
      await channel.close(1_000)
    }
    await page.getByText('Its agent is stopped.').waitFor()
  })
})
