import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
}
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly resolved?: string }>>
}

/**
 * The newest stable major of Electron when somebody last looked. Electron supports its three newest, and a new one comes
 * every eight weeks: after three of those this one is out of support, wherever in its time the look was.
 */
const newest = { major: 45, seen: Date.parse('2026-11-23') }
const supportedFor = 3 * 8 * 7 * 86_400_000

describe('what the app is built from', () => {
  test('is pinned to exact versions, each with its integrity', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter(([, version]) => !/^(?:\d+\.\d+\.\d+|file:.+)$/.test(version))).toEqual([])
    const unsealed = Object.entries(lock.packages).filter(
      ([, { resolved = '', integrity }]) => resolved.startsWith('http') && !integrity?.startsWith('sha'),
    )
    expect(unsealed.map(([path]) => path)).toEqual([])
  })

  test('runs no script when it is installed', () => {
    expect(Object.values(manifest.allowScripts)).not.toContain(true)
  })

  test('is an Electron that is supported: look for a newer major when this fails, and note it here', () => {
    expect(Number(manifest.devDependencies['electron']?.split('.')[0])).toBeGreaterThanOrEqual(newest.major)
    expect(Date.now()).toBeLessThan(newest.seen + supportedFor)
  })
})
