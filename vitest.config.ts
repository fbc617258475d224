import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { CountReporter } from './test/count-reporter.ts'

const project = (name: string, timeout: number, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
    pool: 'forks' as const,
    globalSetup,
    expect: { poll: { timeout: 15_000 } },
  },
})

// Each test's channels start threads: with their code kept they open in half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/sluice')

/** A browser on a busy machine misses a moment now and then: once more in CI, and the closing lines name who needed it. */
const inBrowser = { retry: process.env['CI'] === undefined ? 0 : 1 }

export default defineConfig({
  test: {
    reporters: ['default', new CountReporter()],
    maxWorkers: 2,
    projects: [
      project('unit', 20_000),
      project('integration', 60_000),
      { test: { ...project('web', 120_000, ['test/web/built-renderer.ts']).test, ...inBrowser } },
      // One at a time: a fresh workspace takes the first free ports, and so would its neighbour.
      {
        test: {
          ...project('desktop', 120_000, ['test/desktop/built-desktop.ts']).test,
          ...inBrowser,
          fileParallelism: false,
        },
      },
      project('torture', 600_000),
      project('interop', 180_000),
    ],
  },
})
