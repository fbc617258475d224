import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '')(`the Secrets view of the console ${windowMissing}`, () => {
  let browser: Browser
  let opened: ConsolePage
  beforeAll(async () => {
    browser = await openBrowser()
    opened = await ConsolePage.open(browser, { flow })
  })
  afterAll(async () => {
    await opened.close()
    await browser.close()
  })

  test('says that the console keeps none, and where an agent without a window takes them from', async () => {
    const { page } = opened
    await page.getByRole('link', { name: 'Secrets' }).click()
    await page.getByRole('heading', { level: 1, name: 'Secrets' }).waitFor()
    const says = page.getByText('The console keeps no secrets')
    expect(await says.innerText()).toMatch(/takes \$\{NAME\} from its environment.*EnvironmentFile=/)
    expect(await page.getByRole('button', { name: 'Add a secret…' }).count()).toBe(0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await opened.violations()).toEqual([])
    }
  })

  test('is where a finding about a secret that is missing leads', async () => {
    const { page } = opened
    await opened.go('/configuration')
    await page.getByText('No errors').waitFor()
    const wrong = opened.flow().replace('bind = 127.0.0.1', 'bind = ${UPSTREAM_PASSWORD}')
    await page.getByRole('textbox', { name: /^Text of/ }).fill(wrong)
    await page.getByRole('link', { name: 'How a secret comes into an agent' }).first().click()
    await page.getByText('The console keeps no secrets').waitFor()
  })
})
