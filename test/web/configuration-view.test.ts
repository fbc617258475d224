import { type Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `# mine
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = FOLDER/out
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '')(`the Configuration view ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    opened = await ConsolePage.open(browser, { flow })
    await opened.go('/configuration')
    await opened.page.getByText('No errors').waitFor()
  })
  afterEach(() => opened.close())

  test('finds a mistake as one types, with its line, and lets nobody apply it', async () => {
    const { page } = opened
    const text = page.getByRole('textbox', { name: /^Text of/ })
    await text.fill(opened.flow().replace('port = 0', 'port = many'))
    const finding = page.getByRole('button', { name: /Error, line 7/ })
    await finding.waitFor()
    expect(await finding.textContent()).toContain('a1.sources.r1.port')
    await finding.click()
    expect(
      await text.evaluate((area: HTMLTextAreaElement) => area.value.slice(0, area.selectionStart).split('\n').length),
    ).toBe(7)
    expect(await opened.violations()).toEqual([])
    await page.getByRole('button', { name: 'Preview and apply…' }).click()
    expect(await page.getByRole('button', { name: 'Apply', exact: true }).isDisabled()).toBe(true)
  })

  test('changes a part by its form, shows what applying does, applies, and rolls back', async () => {
    const { page } = opened
    const before = opened.flow()
    await page.getByRole('button', { name: 'Forms' }).click()
    await page.getByRole('button', { name: 'sink k1 file_roll' }).click()
    await page.getByLabel('sink.rollInterval').fill('7')
    await page.getByRole('button', { name: 'Put into the text' }).click()
    await page.getByRole('button', { name: 'Preview and apply…' }).click()
    const dialog = page.getByRole('dialog', { name: 'What applying does' })
    await dialog.getByText('sink k1').waitFor()
    expect(await dialog.getByLabel('Difference').textContent()).toContain('+a1.sinks.k1.sink.rollInterval = 7')
    expect(await opened.violations()).toEqual([])
    await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByText('The configuration is applied').waitFor()
    expect(opened.flow()).toBe(`${before}a1.sinks.k1.sink.rollInterval = 7\n`)

    await page.getByRole('button', { name: 'Versions' }).click()
    await page.getByRole('button', { name: /^Roll back… to/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await expect.poll(() => opened.flow()).toBe(before)
    expect(opened.complaints).toEqual([])
  })

  test('takes in a Flume file and keeps what is edited while another view is shown', async () => {
    const { page } = opened
    const imported = flow.replace('# mine', '# theirs').replaceAll('FOLDER', opened.folder)
    const input = page.getByLabel('Import a Flume file…')
    await input.setInputFiles({ name: 'flume.conf', mimeType: 'text/plain', buffer: Buffer.from(imported) })
    await opened.go('/flow')
    await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
    await opened.go('/configuration')
    await expect.poll(() => page.getByRole('textbox', { name: /^Text of/ }).inputValue()).toBe(imported)
    expect(opened.flow()).toContain('# mine')
  })
  test('takes nothing in before it knows what runs, and does not call that free of errors', async () => {
    const { page } = opened
    let answer: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route(/configGet/, async (route) => {
      await held
      await route.continue()
    })
    await opened.go('/flow')
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
    await opened.go('/configuration')
    await page.getByText('Loading…').waitFor()
    expect(await page.getByLabel('Import a Flume file…').isDisabled()).toBe(true)
    answer()
    await page.getByText('No errors').waitFor()
    expect(await page.getByLabel('Import a Flume file…').isEnabled()).toBe(true)
  })
})
