import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { electronBinary, noDesktop } from '../../build/electron-binary.ts'

describe('npm start', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-electron-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it("finds Electron's binary only where it has been downloaded", () => {
    expect(electronBinary(folder)).toBeUndefined()
    writeFileSync(join(folder, 'path.txt'), 'electron')
    expect(electronBinary(folder)).toBeUndefined()
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'dist/electron'), '')
    expect(electronBinary(folder)).toBe(join(folder, 'dist/electron'))
  })

  it('says why there is no window', () => {
    expect(noDesktop(undefined, 'linux', { DISPLAY: ':0' })).toMatch(/not downloaded .*install-electron/)
    expect(noDesktop('/e', 'linux', {})).toMatch(/no display/)
    expect(noDesktop('/e', 'linux', { DISPLAY: '' })).toMatch(/no display/)
    expect(noDesktop('/e', 'linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBeUndefined()
    expect(noDesktop('/e', 'darwin', {})).toBeUndefined()
  })
})
