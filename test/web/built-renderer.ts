import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Builds the window's page once before the tests that show it. */
export function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../build/build-all.ts'), 'renderer'], {
    stdio: 'inherit',
  })
}
