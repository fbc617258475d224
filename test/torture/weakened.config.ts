/** Runs test files against a weakened product: `SLUICE_WEAKNESS=… vitest run --config test/torture/weakened.config.ts`. */
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { chosenWeakness, weaken } from './weaknesses.ts'

const weakness = chosenWeakness()

// eslint-disable-next-line no-restricted-syntax -- vitest takes a default export only
export default defineConfig({
  root: path.join(import.meta.dirname, '../..'),
  plugins: [
    {
      name: 'weakened',
      enforce: 'pre',
      transform: (source, id) => (id.endsWith(weakness.module) ? weaken(source, weakness) : undefined),
    },
  ],
  // Two products of the same files must not meet in a cache.
  test: {
    fsModuleCache: false,
    include: ['test/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
