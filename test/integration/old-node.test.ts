import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const candidates = ['/usr/bin/node', '/usr/local/bin/node', '/usr/bin/nodejs'].filter((path) => existsSync(path))
const major = (path: string) => Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1])
const oldNode = candidates.find((path) => major(path) < 24)

describe('an old Node', () => {
  it.skipIf(oldNode === undefined)('is told in one sentence what is needed (needs a system Node below 24)', () => {
    const result = spawnSync(oldNode ?? '', ['core/cli/sluice.ts', 'start'], { encoding: 'utf8' })
    expect(result.stdout).toBe('')
    expect(result.stderr).toMatch(/^sluice needs Node\.js 24 or newer and this is v\d+[^\n]*\n$/)
    expect(result.status).toBe(1)
  })

  it.skipIf(oldNode === undefined)('is told so by npm, too (needs a system Node below 24)', () => {
    const result = spawnSync(oldNode ?? '', ['build/require-node.mjs'], { encoding: 'utf8' })
    expect(result.stderr).toMatch(/^Sluice needs Node\.js 24 or newer and this is v\d+[^\n]*\n$/)
    expect(result.status).toBe(1)
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    for (const name of ['prestart', 'pretest', 'prebuild'])
      expect(scripts[name]).toMatch(/^node build\/require-node\.mjs/)
  })

  it('is what the new one is not', () => {
    const passed = spawnSync(process.execPath, ['build/require-node.mjs'], { encoding: 'utf8' })
    expect(passed).toMatchObject({ status: 0, stdout: '', stderr: '' })
    const result = spawnSync(process.execPath, ['core/cli/sluice.ts', '--version'], { encoding: 'utf8' })
    expect(result).toMatchObject({ status: 0, stderr: '' })
    expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
