import { execFile } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
const config = path.join(import.meta.dirname, 'weakened.config.ts')
const preload = pathToFileURL(path.join(import.meta.dirname, 'weakened.ts')).href

interface Run {
  readonly code: number
  readonly output: string
}

/** The tests of `file` whose names match `name`, on a product with this weakness. */
function runWeakened(weakness: string, file: string, name: string, environment: Record<string, string>): Promise<Run> {
  const env = {
    ...process.env,
    ...environment,
    ...{ SLUICE_WEAKNESS: weakness, NODE_OPTIONS: `--import ${preload}`, NO_COLOR: '1' },
  }
  // What tells a worker that it is one must not reach a vitest of its own.
  for (const key of Object.keys(env)) if (key.startsWith('VITEST')) Reflect.deleteProperty(env, key)
  return new Promise((resolve) => {
    const args = [vitest, 'run', '--config', config, file, '-t', name]
    execFile(process.execPath, args, { cwd: root, env, timeout: 150_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr })
    })
  })
}

interface Mutant {
  readonly weakness: string
  readonly file: string
  readonly name: string
  /** What the check says that must notice; any other failure would only show a broken rig. */
  readonly says: RegExp
  readonly environment?: Record<string, string>
}

/** `power-loss.test.ts` does the same for weaknesses that only a lost disk shows. */
const mutants: readonly Mutant[] = [
  {
    weakness: 'does not check what it reads',
    ...{ file: 'test/torture/bit-flips.test.ts', name: 'bits flipped', environment: { SLUICE_FLIPS: '60' } },
    says: /seed \d+: bit \d of byte \d+ of segment-\d+/,
  },
  {
    weakness: 'believes any length of a frame',
    ...{ file: 'test/unit/avro-protocol.test.ts', name: 'refuse a huge length' },
    says: /expected .*function.* to throw|to throw an error/,
  },
  {
    weakness: 'answers under any name of a host',
    ...{ file: 'test/integration/console-hostile.test.ts', name: 'a name that is not its own' },
    says: /evil\.example\.org: expected \[ 400, 421 \] to include/,
  },
  {
    weakness: 'keeps 33 bytes of each event',
    ...{ file: 'test/torture/leak.test.ts', name: 'held' },
    says: /bytes held for each event/,
  },
]

test.each(mutants)('a product that $weakness is noticed', async ({ weakness, file, name, says, environment }) => {
  const { code, output } = await runWeakened(weakness, file, name, environment ?? {})
  expect(output, output).toContain('weakened\n')
  expect(output, output).toMatch(says)
  expect(output, output).toMatch(/Tests .*[1-9]\d* failed/)
  expect(code).not.toBe(0)
})
