// Draws the app's icons from renderer/public/icon.svg with Chromium: `node build/write-icons.mjs`. The results are
// committed, so that a build needs no browser.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const sizes = [16, 22, 32, 48, 64, 128, 256, 512, 1024]
const svg = readFileSync(join(import.meta.dirname, '../renderer/public/icon.svg'), 'utf8')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage({ deviceScaleFactor: 1 })
for (const size of sizes) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`)
  const path = join(import.meta.dirname, `icons/${size}x${size}.png`)
  writeFileSync(path, await page.screenshot({ omitBackground: true }))
}
await browser.close()
