import { stat } from 'node:fs/promises'
import type { Clock } from '../../clock.ts'

/** How often files are looked at. A look is one `stat` a file: that costs nothing, and works on every file system. */
const interval = 1000

/** What tells one content of a file from another without reading it; empty when there is none. */
async function mark(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    // A file that is away for a moment (an editor replaces it) or may not be read is no change to apply.
    return ''
  }
}

/**
 * Calls `changed` when files have changed and then been still for one look, so that a half-written file is not read.
 * The next look waits until `changed` is done. Ends with `signal`.
 */
export async function watchFiles(
  files: readonly string[],
  clock: Clock,
  signal: AbortSignal,
  changed: () => Promise<void>,
): Promise<void> {
  const look = async () => (await Promise.all(files.map(mark))).join('\n')
  let applied = await look()
  let last = applied
  for (;;) {
    await clock.sleep(interval, signal)
    if (signal.aborted) return
    const now = await look()
    if (now !== applied && now === last && !now.split('\n').includes('')) {
      applied = now
      await changed()
    }
    last = now
  }
}
