import type { Clock } from '../clock.ts'

/** True when `work` settled (well or badly) within `milliseconds`; it goes on unobserved otherwise. */
export async function settlesWithin(work: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> {
  const over = new AbortController()
  const settled = work.then(
    () => true,
    () => true,
  )
  const inTime = await Promise.race([settled, clock.sleep(milliseconds, over.signal).then(() => false)])
  over.abort()
  return inTime
}
