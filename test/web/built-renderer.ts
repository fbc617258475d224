import { join } from 'node:path'
import { build } from 'vite'

/** Builds the window's page once before the tests that show it. */
export async function setup(): Promise<void> {
  await build({ configFile: join(import.meta.dirname, '../../build/renderer.config.ts'), logLevel: 'error' })
}
