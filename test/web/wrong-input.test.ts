/** Whatever is wrong with what a user gives: it is said beside the field, in words that help, and nothing is lost by it. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1 r2
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.sources.r2.type = TAILDIR
a1.sources.r2.filegroups = g1
a1.sources.r2.filegroups.g1 = FOLDER/in/.*
a1.sources.r2.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = avro
a1.sinks.k1.hostname = 127.0.0.1
a1.sinks.k1.port = 1
a1.sinks.k1.channel = c1
`
const lines = 3_000

describe.skipIf(windowMissing !== '')(`wrong input ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    opened = await ConsolePage.open(browser, { flow })
  })
  afterEach(async () => {
    try {
      // Whatever was typed: the configuration is what it was, and the page has no script that fell over.
      expect(opened.flow()).toBe(flow.replaceAll('FOLDER', opened.folder))
      expect(opened.complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([])
      expect(await opened.violations()).toEqual([])
    } finally {
      await opened.close()
    }
  })

  /** What is read out with a field that is wrong. */
  async function said(field: Locator): Promise<string> {
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    return await opened.page.locator(`[id="${(await field.getAttribute('aria-describedby')) ?? ''}"]`).innerText()
  }

  async function openForm(part: string): Promise<void> {
    await opened.go('/configuration')
    await opened.page.getByText('No errors').waitFor()
    await opened.page.getByRole('button', { name: 'Forms' }).click()
    await opened.page.getByRole('button', { name: part }).click()
  }

  describe('in the forms of the configuration', () => {
    test('a port that another program has', async () => {
      const other: Server = createServer()
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      const address = other.address()
      const port = String(typeof address === 'object' ? address?.port : 0)
      try {
        await openForm('source r1 netcat')
        const field = opened.page.getByLabel('port', { exact: true })
        await field.fill(port)
        await opened.page.getByRole('button', { name: 'Put into the text' }).click()
        expect(await said(field)).toContain(`cannot listen on 127.0.0.1:${port}: something else listens there`)
        await opened.page.getByRole('button', { name: 'Findings' }).click()
        await opened.page.getByRole('button', { name: /Warning, line 6/ }).waitFor()
      } finally {
        other.close()
      }
    })

    test('a number that is none, and one that is too large', async () => {
      await openForm('source r1 netcat')
      const field = opened.page.getByLabel('port', { exact: true })
      for (const wrong of ['many', '70000']) {
        await field.fill(wrong)
        await opened.page.getByRole('button', { name: 'Put into the text' }).click()
        await expect.poll(() => said(field)).toContain(wrong)
      }
      await opened.page.getByRole('button', { name: 'Preview and apply…' }).click()
      expect(await opened.page.getByRole('button', { name: 'Apply', exact: true }).isDisabled()).toBe(true)
    })

    test('TLS files that are not there, and that are no key stores', async () => {
      const { page, folder } = opened
      const wrong = join(folder, 'wrong.p12')
      writeFileSync(wrong, 'this is no key store')
      await openForm('sink k1 avro')
      await page.getByLabel('ssl', { exact: true }).selectOption('true')
      const store = page.getByLabel('truststore', { exact: true })
      await store.fill(join(folder, 'none.p12'))
      await page.getByRole('button', { name: 'Put into the text' }).click()
      await expect.poll(() => said(store)).toContain(`truststore ${join(folder, 'none.p12')} cannot be read`)
      await store.fill(wrong)
      await page.getByRole('button', { name: 'Put into the text' }).click()
      await expect.poll(() => said(store)).toContain(`truststore ${wrong}: `)
    })

    test('a folder that is not there, and a pattern that is none', async () => {
      const { page, folder } = opened
      await openForm('source r2 taildir')
      const group = page.getByLabel('filegroups.g1', { exact: true })
      await group.fill(join(folder, 'nowhere/.*'))
      await page.getByRole('button', { name: 'Put into the text' }).click()
      await expect.poll(() => said(group)).toContain(`the folder ${join(folder, 'nowhere')} does not exist`)
      await group.fill(join(folder, 'in/('))
      await page.getByRole('button', { name: 'Put into the text' }).click()
      await expect.poll(() => said(group)).toContain('Unterminated group')
    })

    test('a file to import that is too large, that is no text, that is empty', async () => {
      const { page } = opened
      await opened.go('/configuration')
      await page.getByText('No errors').waitFor()
      const text = page.getByRole('textbox', { name: /^Text of/ })
      await text.press('Control+End')
      await text.pressSequentially('# mine')
      const typed = await text.inputValue()
      const input = page.getByLabel('Import a Flume file…')
      const give = (name: string, buffer: Buffer) => input.setInputFiles({ name, mimeType: 'text/plain', buffer })
      await give('big.conf', Buffer.alloc(1_500_000, 'a'))
      await expect.poll(() => said(input)).toMatch(/^big\.conf has 1,500,000 bytes.*Nothing has changed\.$/)
      await give('logo.conf', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]))
      await expect.poll(() => said(input)).toMatch(/^logo\.conf is no text/)
      await give('empty.conf', Buffer.from(' \n'))
      await expect.poll(() => said(input)).toMatch(/^empty\.conf is empty/)
      expect(await text.inputValue()).toBe(typed)
    })
  })

  test('in Set up: a pattern that is none, a host that nobody knows', async () => {
    const { page } = opened
    await opened.go('/setup')
    const pattern = page.getByLabel(/^File names/)
    await pattern.fill('(')
    await page.getByRole('button', { name: 'See what changes' }).click()
    expect(await said(pattern)).toMatch(/Unterminated group/)
    await pattern.fill('logs/.*')
    expect(await said(pattern)).toBe('it is for file names only: it has no /')
    const host = page.getByLabel('Upstream host')
    await host.fill('two words')
    expect(await said(host)).toBe('a host name has no blanks and no /')
    await host.fill('nobody.invalid')
    await page.getByRole('button', { name: 'Test connection' }).click()
    await expect.poll(() => said(host), { timeout: 20_000 }).toContain('nobody.invalid: there is no host of this name')
    await page.getByText('You can go on all the same: events wait until it answers.').waitFor()
  })

  test('in a channel: a rate that is no number', async () => {
    const { page } = opened
    await opened.go('/channel/c1')
    const limit = page.getByLabel('Events a second')
    for (const wrong of ['fast', '0', '-5', '1e99']) {
      await limit.fill(wrong)
      expect(await said(limit)).toMatch(/is not a rate|at most/)
      expect(await page.getByRole('button', { name: 'Set' }).isDisabled()).toBe(true)
    }
    await limit.fill('')
    await page.getByRole('button', { name: 'Drain…' }).click()
    const rate = page.getByLabel('At most so many events a second')
    await rate.fill('slowly')
    expect(await said(rate)).toMatch(/is not a rate/)
    await rate.press('Enter')
    await page.getByRole('dialog', { name: 'Drain channel c1' }).waitFor()
    await page.keyboard.press('Escape')
  })

  describe('with a backlog', () => {
    beforeEach(async () => {
      const text = Array.from({ length: lines }, (_, at) => `line ${at} ${'of a log '.repeat(40)}\n`).join('')
      appendFileSync(join(opened.folder, 'in/app.log'), text)
      await opened.go('/backlog/c1')
      await opened.page.getByText(`${lines.toLocaleString('en')} events wait`).waitFor()
    })
    // Nothing that is typed takes an event out of the channel.
    afterEach(async () => {
      await opened.page.getByText(`${lines.toLocaleString('en')} events wait`).waitFor()
    })

    test('a place that is none, a header that is none', async () => {
      const { page } = opened
      const go = page.getByRole('button', { name: 'Go', exact: true })
      const number = page.getByLabel('Number')
      await number.fill('the third')
      await go.click()
      expect(await said(number)).toBe('give the number of an event')
      await page.getByLabel('Go to').selectOption('time')
      const time = page.getByLabel('Time')
      await time.fill('some day')
      await go.click()
      expect(await said(time)).toBe('give a time such as 2026-11-23 16:30')
      const header = page.getByLabel('Header', { exact: true })
      await header.fill('=value')
      expect(await said(header)).toBe('give a header as name or name=value')
      expect(await page.getByRole('button', { name: 'Search' }).isDisabled()).toBe(true)
    })

    test('an export into a place that cannot be written', async () => {
      const { page, folder } = opened
      rmSync(join(folder, 'data/exports'), { recursive: true, force: true })
      writeFileSync(join(folder, 'data/exports'), 'a file where the folder should be')
      await page.getByRole('button', { name: 'Export…' }).click()
      const dialog = page.getByRole('dialog', { name: 'Export from channel c1' })
      await dialog.getByRole('button', { name: 'Export', exact: true }).click()
      await dialog
        .getByRole('alert')
        .getByText(/exports go into the folder .*data\/exports, but that is a file/)
        .waitFor()
      rmSync(join(folder, 'data/exports'))
      await dialog.getByRole('button', { name: 'Export', exact: true }).click()
      await dialog.getByRole('link', { name: /^Download c1-/ }).waitFor()
      await page.keyboard.press('Escape')
    })

    test.skipIf(process.getuid?.() !== 0)(
      'an export onto a disk that fills up (root only: it mounts one)',
      async () => {
        const { page, folder } = opened
        const exports = join(folder, 'data/exports')
        mkdirSync(exports, { recursive: true })
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', exports])
        try {
          await page.getByRole('button', { name: 'Export…' }).click()
          const dialog = page.getByRole('dialog', { name: 'Export from channel c1' })
          await dialog.getByRole('button', { name: 'Export', exact: true }).click()
          await dialog
            .getByRole('alert')
            .getByText(/the disk is full/)
            .waitFor()
          expect(readdirSync(exports)).toEqual([])
          await page.keyboard.press('Escape')
        } finally {
          execFileSync('umount', [exports])
        }
      },
    )
  })
})
