import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DesktopApp } from './desktop-app.ts'
import { makeElectronStub } from './electron-stub.ts'
import { hosts } from './hosts.ts'

const root = join(import.meta.dirname, '../..')
const { version: electronVersion } = JSON.parse(
  readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'),
) as { version: string }
const [standIn] = hosts

describe.skipIf(process.platform !== 'linux')('the packaged desktop app', () => {
  let folder: string
  let app: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-package-'))
    await makeElectronStub(join(folder, 'electron'), electronVersion)
    const builder = join(root, 'node_modules/electron-builder/cli.js')
    execFileSync(
      process.execPath,
      [
        ...[builder, '--linux', '--dir', '--config', 'build/electron-builder.yml', '--publish', 'never'],
        `-c.electronDist=${join(folder, 'electron')}`,
        `-c.electronVersion=${electronVersion}`,
        `-c.directories.output=${join(folder, 'dist')}`,
      ],
      { cwd: root, stdio: 'pipe' },
    )
    app = join(folder, 'dist/linux-unpacked')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('holds what is built, one file of better-sqlite3 outside the archive, and no source', () => {
    const packed = listPackage(join(app, 'resources/app.asar'), { isPack: false })
    for (const needed of ['/out/electron/main.js', '/out/electron/agent-process.js', '/out/electron/preload.cjs'])
      expect(packed).toContain(needed)
    for (const needed of [
      '/out/electron/worker.js',
      '/out/electron/tray.png',
      '/out/renderer/index.html',
      '/package.json',
    ])
      expect(packed).toContain(needed)
    expect(
      packed.filter((path) => /^\/(?:core|electron|renderer|test|build|docs)\b|\.ts$|^\/out\/headless/.test(path)),
    ).toEqual([])
    const modules = packed.flatMap((path) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1] ?? [])
    expect(modules).toEqual(['better-sqlite3'])
    const unpacked = join(app, 'resources/app.asar.unpacked/node_modules/better-sqlite3/prebuilds')
    expect(readdirSync(unpacked)).toEqual([`linux-${process.arch}.node`])
  })

  it('has its fuses set so that nothing but the app can be made of it', async () => {
    const { product } = { product: join(app, 'sluice') }
    const wire = await getCurrentFuseWire(existsSync(product) ? product : join(app, 'Sluice'))
    const state = Object.entries(wire).flatMap(([fuse, value]) =>
      /^\d+$/.test(fuse) ? [String.fromCharCode(value as number)] : [],
    )
    // RunAsNode, CookieEncryption, NodeOptions, NodeCliInspect, AsarIntegrity, OnlyLoadAppFromAsar, (snapshot),
    // GrantFileProtocolExtraPrivileges, (the ninth)
    expect(state.slice(0, 6).join('')).toBe('010011')
    expect(state[7]).toBe('0')
  })

  it('starts as it was packed and shows the flow', async () => {
    if (standIn?.executable === undefined) return
    const extracted = join(folder, 'extracted')
    extractAll(join(app, 'resources/app.asar'), extracted)
    const started = await DesktopApp.start(standIn, { app: extracted, arguments: ['--standin-packaged'] })
    try {
      const page = await started.flow()
      await page.getByText('netcat1').first().waitFor()
      expect(await started.electron.evaluate(({ app }) => app.getAppPath())).toBe(extracted)
    } finally {
      await started.close()
    }
  })
})

describe('the configuration of the packages', () => {
  const config = parse(readFileSync(join(root, 'build/electron-builder.yml'), 'utf8')) as Record<string, never>
  it('names every kind of package, and icons that are there', () => {
    const { linux, win, mac } = config as Record<string, { target: unknown[]; icon: string }>
    expect(linux?.target).toEqual(['deb', 'rpm', 'AppImage'])
    expect(win?.target).toEqual([{ target: 'nsis', arch: ['x64', 'arm64'] }])
    expect(mac?.target).toEqual(['dmg', 'zip'])
    for (const { icon } of [linux, win, mac].filter((one) => one !== undefined))
      expect(existsSync(join(root, icon))).toBe(true)
  })
})
