import type { Clock } from '../clock.ts'
import type { SourcePart } from './source-part.ts'

/** Some time for puts under way; then they are given up, so that a full channel does not hold the source. */
export async function stopSource({ channels, supervisor }: SourcePart, clock: Clock): Promise<void> {
  const over = new AbortController()
  const giveUp = clock.sleep(400, over.signal).then(() => channels.close())
  await supervisor.stop(800)
  over.abort()
  await giveUp
}
