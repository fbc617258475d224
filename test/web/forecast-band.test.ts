import { join } from 'node:path'
import { connect } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

/** Where screenshots are kept for somebody to look at, if anywhere. */
const shots = process.env['SLUICE_SHOTS']

const flow = (port: number) => `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = ${port}
a1.sources.r1.ack-every-event = false
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.capacity = 20000
a1.sinks.k1.type = avro
a1.sinks.k1.hostname = 127.0.0.1
a1.sinks.k1.port = 1
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '')('the chart of a channel that fills', () => {
  let browser: Browser
  let console: ConsolePage
  let feeding: NodeJS.Timeout
  const port = 20_000 + (process.pid % 10_000)
  beforeAll(async () => {
    browser = await openBrowser()
    console = await ConsolePage.open(browser, { flow: flow(port) })
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => undefined)
    feeding = setInterval(() => socket.write('one event\n'.repeat(12)), 200)
  })
  afterAll(async () => {
    clearInterval(feeding)
    await console.close()
    await browser.close()
  })

  it('shows from now on when it will be full, in the picture and in words, in both themes', async () => {
    const { page } = console
    await console.go('/channel/c1')
    const chart = page.getByRole('figure', { name: 'Backlog' })
    await page.getByText(/^Drained in|Nothing leaves/).waitFor()
    await chart.getByText(/full in \d/).waitFor({ timeout: 60_000 })
    // The end of the axis lies in the future, and there the cursor tells of the forecast.
    const slider = chart.getByRole('slider')
    await slider.focus()
    await slider.press('End')
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/Events forecast [\d,]+ \([\d,]+ to [\d,]+\)/)
    await slider.press('Escape')
    expect(await slider.getAttribute('aria-valuetext')).not.toMatch(/forecast/)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await console.violations()).toEqual([])
      if (shots !== undefined) await page.screenshot({ path: join(shots, `forecast-${colorScheme}.png`) })
    }
    // Another measure of which nobody knows the goal has no band, and no future on its axis.
    await page.getByText('Age of the oldest', { exact: true }).click()
    await chart.getByText(/full in/).waitFor({ state: 'detached' })
    expect(console.complaints).toEqual([])
  })

  it('holds no stream while its page is hidden, and listens again when it is seen', async () => {
    const { page } = console
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Network.enable')
    let streams = 0
    const open = new Set<string>()
    cdp.on('Network.requestWillBeSent', ({ requestId, request }) => {
      if (!request.url.includes('/subscribe/')) return
      open.add(requestId)
      streams++
    })
    for (const ended of ['Network.loadingFailed', 'Network.loadingFinished'] as const)
      cdp.on(ended, ({ requestId }) => open.delete(requestId))
    const hide = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'visibilityState', {
          configurable: true,
          get: () => (hidden ? 'hidden' : 'visible'),
        })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await hide(false)
    await expect.poll(() => open.size).toBeGreaterThan(0)
    await hide(true)
    await expect.poll(() => open.size).toBe(0)
    const before = streams
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(streams).toBe(before)
    await hide(false)
    await expect.poll(() => open.size).toBeGreaterThan(0)
  })
})
