/** A headless agent, built as it is installed, with its console in Chromium. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { MeasuredProcess } from './measured-process.ts'

const root = join(import.meta.dirname, '../..')
export const builtSluice = join(root, 'out/headless/sluice.js')
export const builtRenderer = join(root, 'out/renderer')

/** Builds the agent and its page from what is here now. */
export function buildSluice(): void {
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' })
}

export interface WindowAgent {
  readonly process: MeasuredProcess
  /** When the process was started, as `performance.now()`. */
  readonly startedAt: number
  /** Of the console, with the token in it. */
  readonly address: string
}

/** Starts agent `a1` with `flow` in `folder`; resolves when its console can be opened. */
export async function startWindowAgent(folder: string, flow: string): Promise<WindowAgent> {
  const flowFile = join(folder, 'flow.properties')
  writeFileSync(flowFile, flow)
  const startedAt = performance.now()
  const process_ = new MeasuredProcess(process.execPath, [
    ...[builtSluice, 'agent', '-n', 'a1', '-f', flowFile, '--data-dir', join(folder, 'data'), '--console'],
  ])
  const [address] = await process_.printed(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/)
  return { process: process_, startedAt, address }
}

/** A page of its own, with nothing in it and nothing cached. */
export async function emptyPage(browser: Browser): Promise<Page> {
  return await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
}

/**
 * Opens a view of the console and resolves with when `text` was first painted in it, as `performance.now()` of this process:
 * the page itself looks out for it, because asking it from here takes up to half a second.
 */
export async function openedAt(page: Page, agent: WindowAgent, path: string, text: string): Promise<number> {
  await page.addInitScript((wanted) => {
    const painted = Promise.withResolvers<number>()
    Object.assign(globalThis, { painted: painted.promise })
    const watch = new MutationObserver(() => {
      if (document.querySelector('#page')?.textContent.includes(wanted) !== true) return
      watch.disconnect()
      // A frame's callbacks come before it is painted: those of the next one come after.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => painted.resolve(performance.timeOrigin + performance.now())),
      )
    })
    watch.observe(document, { childList: true, subtree: true, characterData: true })
  }, text)
  await openView(page, agent, path)
  const at = await page.evaluate(() => (globalThis as unknown as { painted: Promise<number> }).painted)
  return at - performance.timeOrigin
}

/** Opens a view of the console: `/backlog/c1`. */
export async function openView(page: Page, { address }: WindowAgent, path: string): Promise<Page> {
  await page.goto(`${address}#${path}`, { waitUntil: 'commit' })
  return page
}

/** CPU seconds so far of all processes that draw pages. */
export async function pageSeconds(browser: Browser): Promise<number> {
  return secondsOf(await processes(browser), ({ type }) => type === 'renderer')
}

/** CPU seconds so far of all processes of the browser. */
export async function browserSeconds(browser: Browser): Promise<number> {
  return secondsOf(await processes(browser), () => true)
}

interface BrowserProcess {
  readonly type: string
  readonly cpuTime: number
}

async function processes(browser: Browser): Promise<readonly BrowserProcess[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo
}

function secondsOf(all: readonly BrowserProcess[], wanted: (one: BrowserProcess) => boolean): number {
  return all.filter(wanted).reduce((sum, { cpuTime }) => sum + cpuTime, 0)
}

/** Makes the page believe that it is hidden, or seen again: a headless browser never hides one. */
export async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((to) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (to ? 'hidden' : 'visible') })
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => to })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}
