import type { Page } from 'playwright-core'

/** Pixels of one turn of the wheel: what a browser makes of a notch. */
const notch = 120

/** Records the time of every frame until `stop` is called; resolves then with the milliseconds between them. */
async function recordFrames(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const recorded: { times: number[]; on: boolean } = { times: [], on: true }
    Object.assign(globalThis, { recordedFrames: recorded })
    const frame = (time: number) => {
      recorded.times.push(time)
      if (recorded.on) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  return async () =>
    await page.evaluate(() => {
      const { recordedFrames } = globalThis as unknown as { recordedFrames: { times: number[]; on: boolean } }
      recordedFrames.on = false
      const { times } = recordedFrames
      return times.slice(1).map((time, index) => time - (times[index] ?? time))
    })
}

const gridName = 'Waiting events'

/** Frames of a page that nobody touches: what this machine's browser gives at best. */
export async function stillFrames(page: Page, milliseconds: number): Promise<number[]> {
  const stop = await recordFrames(page)
  await page.waitForTimeout(milliseconds)
  return await stop()
}

/** Frames while the wheel turns without a pause over the list of what waits. */
export async function wheelFrames(page: Page, milliseconds: number): Promise<number[]> {
  await page.getByRole('grid', { name: gridName }).hover()
  const stop = await recordFrames(page)
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    await page.mouse.wheel(0, notch)
    await page.waitForTimeout(8)
  }
  return await stop()
}

/** Frames while the scrollbar is dragged to and fro: each frame shows another part of the list, millions of rows away. */
export async function dragFrames(page: Page, milliseconds: number): Promise<number[]> {
  const stop = await recordFrames(page)
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
  return await stop()
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
