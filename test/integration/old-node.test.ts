import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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

  it('is what the new one is not', () => {
    const result = spawnSync(process.execPath, ['core/cli/sluice.ts', '--version'], { encoding: 'utf8' })
    expect(result).toMatchObject({ status: 0, stderr: '' })
    expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
