import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Builds what the tests start: the page, main, the preload and the agent's process. */
export function setup(): void {
  const script = join(import.meta.dirname, '../../build/build-all.ts')
  execFileSync(process.execPath, [script, 'renderer', 'electron', 'preload'], { stdio: 'inherit' })
}
