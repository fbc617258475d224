import type { CDPSession, Page } from 'playwright-core'

/** Pixels of one turn of the wheel: what a browser makes of a notch. */
const notch = 120

/** What a page did during some frames. */
export interface Frames {
  /** Milliseconds from each frame to the next. */
  readonly times: readonly number[]
  /** Milliseconds per frame that the page's own thread ran scripts, and that it made styles and layout. */
  readonly script: number
  readonly layout: number
  /** Milliseconds per frame that the page's own thread was busy with anything. */
  readonly busy: number
}

const gridName = 'Waiting events'

/** Seconds of the page's thread so far. */
async function threadSeconds(session: CDPSession): Promise<{ script: number; layout: number; busy: number }> {
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN
  return {
    script: of('ScriptDuration'),
    layout: of('LayoutDuration') + of('RecalcStyleDuration'),
    busy: of('TaskDuration'),
  }
}

/** Records every frame while `moving` goes on. */
async function framesOf(page: Page, moving: () => Promise<unknown>): Promise<Frames> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await page.evaluate(() => {
    const recorded: { times: number[]; on: boolean } = { times: [], on: true }
    Object.assign(globalThis, { recordedFrames: recorded })
    const frame = (time: number) => {
      recorded.times.push(time)
      if (recorded.on) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const before = await threadSeconds(session)
  await moving()
  const after = await threadSeconds(session)
  const times = await page.evaluate(() => {
    const { recordedFrames } = globalThis as unknown as { recordedFrames: { times: number[]; on: boolean } }
    recordedFrames.on = false
    const { times } = recordedFrames
    return times.slice(1).map((time, index) => time - (times[index] ?? time))
  })
  await session.detach()
  const perFrame = (name: 'script' | 'layout' | 'busy') => ((after[name] - before[name]) * 1000) / times.length
  return { times, script: perFrame('script'), layout: perFrame('layout'), busy: perFrame('busy') }
}

/** Frames of a page that nobody touches. */
export function stillFrames(page: Page, milliseconds: number): Promise<Frames> {
  return framesOf(page, () => page.waitForTimeout(milliseconds))
}

/** Frames while the wheel turns without a pause over the list of what waits. */
export async function wheelFrames(page: Page, milliseconds: number): Promise<Frames> {
  await page.getByRole('grid', { name: gridName }).hover()
  return await framesOf(page, async () => {
    const end = performance.now() + milliseconds
    while (performance.now() < end) {
      await page.mouse.wheel(0, notch)
      await page.waitForTimeout(8)
    }
  })
}

/** Frames while the scrollbar is dragged to and fro: each frame shows another part of the list, millions of rows away. */
export function dragFrames(page: Page, milliseconds: number): Promise<Frames> {
  return framesOf(page, () => dragOn(page, milliseconds))
}

async function dragOn(page: Page, milliseconds: number): Promise<void> {
  await page.getByRole('grid', { name: gridName }).evaluate(
    (box, during) =>
      new Promise<void>((resolve) => {
        const start = performance.now()
        const room = box.scrollHeight - box.clientHeight
        const frame = () => {
          const passed = performance.now() - start
          box.scrollTop = room * (0.5 + 0.5 * Math.sin(passed / 400))
          if (passed < during) requestAnimationFrame(frame)
          else resolve()
        }
        requestAnimationFrame(frame)
      }),
    milliseconds,
  )
}

/**
 * The least that any list of this size costs here: lines of plain text, laid out once, of which each frame shows another
 * part. What a machine without a graphics processor needs to paint them is in it, and nothing of ours.
 */
export async function plainFrames(page: Page, milliseconds: number): Promise<Frames> {
  await page.setContent(
    `<div role="grid" aria-label="${gridName}" style="height: 560px; overflow: auto"><pre style="font: 12px/24px monospace"></pre></div>`,
  )
  await page.locator('pre').evaluate((pre) => {
    const line = (at: number) =>
      `${at}  2026-11-23 16:30:00.000  62  host=edge${at % 7}  10.0.0.1 - "GET /item/${at * 7919} HTTP/1.1" 200 1000`
    pre.textContent = Array.from({ length: 5000 }, (_, at) => line(at)).join('\n')
  })
  return await framesOf(page, () => dragOn(page, milliseconds))
}

/** Milliseconds from each jump of the scrollbar until every row in view shows its event. */
export async function jumpTimes(page: Page, jumps: number): Promise<number[]> {
  return await page.getByRole('grid', { name: gridName }).evaluate(async (box, count) => {
    const times: number[] = []
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    for (let jump = 1; jump <= count; jump++) {
      const start = performance.now()
      box.scrollTop = (box.scrollHeight - box.clientHeight) * ((jump * 0.618033988749895) % 1)
      await nextFrame()
      await nextFrame()
      while (box.querySelectorAll('.row').length === 0 || box.querySelector('.note') !== null) {
        if (performance.now() - start > 30_000) throw new Error('the rows of a jump never came')
        await nextFrame()
      }
      times.push(performance.now() - start)
    }
    return times
  }, jumps)
}
