import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'
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

describe.skipIf(windowMissing !== '')(`Set up ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    opened = await ConsolePage.open(browser, { flow })
    await opened.go('/setup')
    await opened.page.getByLabel('Upstream host').waitFor()
  })
  afterEach(() => opened.close())

  test('says beside the field what is wrong: no folder, nobody there, no Avro port', async () => {
    const { page } = opened
    await page.getByLabel(/^Folder/).fill(join(opened.folder, 'nowhere'))
    await page.getByRole('button', { name: 'Test folder' }).click()
    await page
      .getByRole('alert')
      .getByText(/does not exist|no such/i)
      .waitFor()
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page
      .getByRole('alert')
      .getByText(/nothing listens on this port/)
      .waitFor()
    const mute = createServer((socket) => socket.end('220 mail ready\r\n'))
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const address = mute.address()
    await page.getByLabel('Port').fill(String(typeof address === 'object' ? address?.port : 0))
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByRole('alert').getByText(/Avro/).waitFor()
    await page.getByLabel('Port').fill('port')
    await page.getByRole('button', { name: 'See what changes' }).click()
    await page.getByRole('alert').getByText('give a port from 1 to 65535').waitFor()
    expect(await opened.violations()).toEqual([])
    expect(opened.flow()).toBe(flow.replaceAll('FOLDER', opened.folder))
    mute.close()
  })

  test('points the flow at another folder and upstream, and lines arrive there', async () => {
    const { page } = opened
    const [port, out, mine] = [await unusedPort(), join(opened.folder, 'collected'), join(opened.folder, 'my logs')]
    const data = join(opened.folder, 'collector')
    const collector = new SluiceProcess(['collect', '--port', String(port), '--out', out, '--data-dir', data])
    try {
      await collector.says(/collecting/)
      mkdirSync(mine)
      writeFileSync(join(mine, 'app.log'), 'one\ntwo\n')
      writeFileSync(join(mine, 'app.tmp'), 'not this\n')
      await page.getByLabel(/^Folder/).fill(mine)
      await page.getByLabel(/^File names/).fill('.*\\.log')
      await page.getByLabel('Port').fill(String(port))
      await page.getByRole('button', { name: 'See what changes' }).click()
      await page.getByText(/1 of 2 files match/).waitFor()
      await page.getByRole('button', { name: 'Go', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
      const lines = () =>
        readdirSync(out)
          .map((file) => readFileSync(join(out, file), 'utf8'))
          .join('')
      await expect.poll(lines, { timeout: 30_000 }).toBe('one\ntwo\n')
      expect(opened.complaints).toEqual([])
    } finally {
      await collector.stop()
    }
  })
})
