import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cacheHome } from '../../core/cli/command/cache-home.ts'

let home: string
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'sluice-cache-'))))
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Runs the real program with this home; its environment has nothing else of the cache. */
function run(over: Record<string, string> = {}): void {
  const environment: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: home, ...over }
  execFileSync(process.execPath, [join(import.meta.dirname, '../../core/cli/sluice.ts'), '--version'], {
    env: environment,
  })
}
const kept = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true }).length : 0)

describe('compiled code that is kept', () => {
  test("it lies in the user's own cache, where nobody else may write", () => {
    run()
    expect(kept(join(home, '.cache/sluice'))).toBeGreaterThan(5)
    expect(statSync(join(home, '.cache/sluice')).mode & 0o777).toBe(0o700)
  })

  test('of a service it lies in the folder that the service has for it', () => {
    run({ CACHE_DIRECTORY: join(home, 'service') })
    expect(kept(join(home, 'service'))).toBeGreaterThan(5)
    expect(kept(join(home, '.cache'))).toBe(0)
  })

  test('a folder that others may write to is left alone: what lies there would be run', () => {
    mkdirSync(join(home, 'open'))
    chmodSync(join(home, 'open'), 0o777)
    run({ CACHE_DIRECTORY: join(home, 'open') })
    expect(kept(join(home, 'open'))).toBe(0)
  })

  test.skipIf(process.getuid?.() !== 0)("another user's folder is left alone (needs root)", () => {
    mkdirSync(join(home, 'others'))
    chownSync(join(home, 'others'), 12_345, 12_345)
    run({ CACHE_DIRECTORY: join(home, 'others') })
    expect(kept(join(home, 'others'))).toBe(0)
  })

  test('without a place for it the program runs all the same', () => {
    run({ CACHE_DIRECTORY: join(import.meta.filename, 'cache') })
  })

  test('each platform has its own place', () => {
    const of = (platform: NodeJS.Platform, environment: Record<string, string>) =>
      cacheHome({ platform, environment, homeDirectory: '/home/u' })
    expect(of('linux', {})).toBe('/home/u/.cache/sluice')
    expect(of('linux', { XDG_CACHE_HOME: '/c' })).toBe('/c/sluice')
    expect(of('linux', { XDG_CACHE_HOME: 'relative' })).toBe('/home/u/.cache/sluice')
    expect(of('darwin', {})).toBe('/home/u/Library/Caches/Sluice')
    expect(of('win32', { LOCALAPPDATA: '/l' })).toBe(join('/l', 'Sluice', 'Cache'))
  })
})
