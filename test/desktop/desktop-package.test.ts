import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DesktopApp } from './desktop-app.ts'
import { DisposableRoot } from './disposable-root.ts'
import { makeElectronStub } from './electron-stub.ts'
import { hosts } from './hosts.ts'
import { expectNotices } from './notices.ts'

const root = join(import.meta.dirname, '../..')
const { version: electronVersion } = JSON.parse(
  readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'),
) as { version: string }
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const [standIn] = hosts

/** Packs the app around the stub into `folder`/dist: `--dir`, or kinds of packages. */
async function pack(
  folder: string,
  targets: readonly string[],
  environment: Record<string, string> = {},
): Promise<void> {
  await makeElectronStub(join(folder, 'electron'), electronVersion)
  const builder = join(root, 'node_modules/electron-builder/cli.js')
  execFileSync(
    process.execPath,
    [
      ...[builder, '--linux', ...targets, '--config', 'build/electron-builder.yml', '--publish', 'never'],
      `-c.electronDist=${join(folder, 'electron')}`,
      `-c.electronVersion=${electronVersion}`,
      `-c.directories.output=${join(folder, 'dist')}`,
    ],
    { cwd: root, stdio: 'pipe', env: { ...process.env, ...environment } },
  )
}

describe.skipIf(process.platform !== 'linux')('the packaged desktop app', () => {
  let folder: string
  let app: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-package-'))
    await pack(folder, ['--dir'])
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

  it('has the notices of the modules in it as a file that can be opened, beside its own licence', () => {
    const text = readFileSync(join(app, 'resources/THIRD-PARTY-NOTICES.txt'), 'utf8')
    expectNotices(text, ['zod', 'pino', 'better-sqlite3', 'node-addon-api', '@vue/runtime-core', 'reka-ui', 'chart.js'])
    expect(readFileSync(join(app, 'resources/LICENSE.txt'), 'utf8')).toContain('Apache License')
  })

  it('has its fuses set so that nothing but the app can be made of it', async () => {
    const wire = await getCurrentFuseWire(join(app, 'sluice-desktop'))
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

const noDeb = spawnSync('dpkg-deb', ['--version']).status === 0 ? '' : 'needs dpkg-deb'
const noRoot = DisposableRoot.missing()

describe.skipIf(process.platform !== 'linux' || noDeb !== '')(`the packages for Linux desktops ${noDeb}`, () => {
  let folder: string
  let deb: string
  const fields = (...names: string[]) => execFileSync('dpkg-deb', ['-f', deb, ...names], { encoding: 'utf8' })
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-packages-'))
    const programs = join(folder, 'programs')
    mkdirSync(programs)
    const standIn = join(import.meta.dirname, 'fpm-stand-in.ts')
    writeFileSync(join(programs, 'fpm'), `#!/bin/sh\nexec '${process.execPath}' '${standIn}' "$@"\n`, { mode: 0o755 })
    await pack(folder, ['deb', 'rpm'], { USE_SYSTEM_FPM: 'true', PATH: `${programs}:${process.env.PATH}` })
    deb = join(folder, `dist/sluice-desktop_${version}_${process.arch === 'x64' ? 'amd64' : process.arch}.deb`)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('the .deb is not the one for servers, and says what it needs', () => {
    expect(fields('Package')).toBe('sluice-desktop\n')
    expect(fields('Version')).toBe(`${version}\n`)
    expect(fields('Depends')).toMatch(/libgtk-3-0.*libnss3.*libsecret-1-0/)
    expect(fields('Description')).toContain('A log relay with a window')
    expect(fields('Maintainer')).toMatch(/^.+ <.+@.+>\n$/)
  })

  it('has the app, its icons, and an entry that opens sluice:// links', () => {
    const there = join(folder, 'extracted')
    execFileSync('dpkg-deb', ['-x', deb, there])
    for (const needed of ['opt/Sluice/sluice-desktop', 'opt/Sluice/resources/app.asar', 'opt/Sluice/chrome-sandbox'])
      expect(existsSync(join(there, needed)), needed).toBe(true)
    const icons = readdirSync(join(there, 'usr/share/icons/hicolor'))
    expect(icons).toEqual(expect.arrayContaining(['16x16', '48x48', '256x256']))
    const entry = readFileSync(join(there, 'usr/share/applications/sluice-desktop.desktop'), 'utf8')
    expect(entry).toMatch(/^MimeType=x-scheme-handler\/sluice;$/m)
    expect(entry).toMatch(/^Exec=\/opt\/Sluice\/sluice-desktop %U$/m)
    expect(entry).toMatch(/^Icon=sluice-desktop$/m)
    expect(entry).toMatch(/^Categories=.*System;$/m)
    // Made into the window's own name by Electron, so that a desktop knows whose window it is.
    expect(entry).toMatch(/^StartupWMClass=sluice-desktop$/m)
    expect(existsSync(join(there, 'usr/bin'))).toBe(false)
  })

  it('the .rpm is asked for under the same name', () => {
    const words = readFileSync(join(folder, `dist/sluice-desktop_${version}_x86_64.rpm.words`), 'utf8').split('\n')
    expect(words[words.indexOf('--name') + 1]).toBe('sluice-desktop')
    expect(words).toContain('gtk3')
  })

  it.skipIf(noRoot !== '')(
    `is installed beside the package for servers, and neither takes what is the other's ${noRoot}`,
    async () => {
      execFileSync(process.execPath, [join(root, 'build/build-all.ts'), 'headless'], { cwd: root, stdio: 'pipe' })
      const server = execFileSync(process.execPath, [join(root, 'build/headless-deb.ts'), folder], {
        cwd: root,
        encoding: 'utf8',
      }).trim()
      const machine = await DisposableRoot.make()
      try {
        copyFileSync(deb, join(machine.shared, 'desktop.deb'))
        copyFileSync(server, join(machine.shared, 'server.deb'))
        // What they need is not what is tried here.
        for (const one of ['server', 'desktop']) machine.run('dpkg', '--force-depends', '-i', `/mnt/${one}.deb`)
        expect(machine.run('readlink', '-f', '/usr/bin/sluice-desktop')).toBe('/opt/Sluice/sluice-desktop\n')
        expect(machine.run('dpkg', '-S', '/usr/bin/sluice')).toBe('sluice: /usr/bin/sluice\n')
        machine.run('dpkg', '--force-depends', '-P', 'sluice-desktop')
        expect(machine.code('test', '-e', '/opt/Sluice')).toBe(1)
        expect(machine.code('test', '-L', '/usr/bin/sluice-desktop')).toBe(1)
        expect(machine.code('test', '-e', '/usr/bin/sluice')).toBe(0)
      } finally {
        await machine.end()
      }
    },
  )

  // electron-builder downloads the programs that make these, or wants the system that they are for.
  it.skip('the AppImage: needs its tools', () => undefined)
  it.skip('the .rpm itself, as fpm and rpmbuild make it: needs them', () => undefined)
  it.skip('the installer for Windows: needs Windows or Wine, and its tools', () => undefined)
  it.skip('the disk image for macOS: needs macOS', () => undefined)
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
