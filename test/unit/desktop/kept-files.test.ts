import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../../electron/log-file.ts'
import { SecretStore } from '../../../electron/secret-store.ts'
import { startAtLogin, xdgAutostart } from '../../../electron/start-at-login.ts'
import { readWindowState, writeWindowState } from '../../../electron/window-state.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-kept-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('where the window was', () => {
  const state = { x: 10, y: 20, width: 900, height: 700, maximized: false }
  const screen = { x: 0, y: 0, width: 1920, height: 1080 }

  it('is found again', () => {
    const file = join(folder, 'window.json')
    expect(readWindowState(file, [screen])).toBeUndefined()
    writeWindowState(file, state)
    expect(readWindowState(file, [screen])).toEqual(state)
  })

  it('is forgotten when no screen is there any more, or the file holds something else', () => {
    const file = join(folder, 'window.json')
    writeWindowState(file, { ...state, x: 3000 })
    expect(readWindowState(file, [screen])).toBeUndefined()
    expect(readWindowState(file, [screen, { ...screen, x: 1920 }])).toBeDefined()
    for (const text of ['', '{', '{"x":1}', JSON.stringify({ ...state, width: 0 })]) {
      writeFileSync(file, text)
      expect(readWindowState(file, [screen])).toBeUndefined()
    }
  })
})

describe('starting at login', () => {
  it('is a desktop entry on Linux, with its command quoted as the specification asks', () => {
    const login = xdgAutostart({ XDG_CONFIG_HOME: folder }, '/home/u', ['/opt/My "App" 100%/sluice', '/a/b'])
    expect(login.enabled()).toBe(false)
    login.set(true)
    expect(login.enabled()).toBe(true)
    const entry = readFileSync(join(folder, 'autostart/sluice.desktop'), 'utf8')
    expect(entry).toContain(String.raw`Exec="/opt/My \\"App\\" 100%%/sluice" /a/b --hidden` + '\n')
    login.set(false)
    login.set(false)
    expect(existsSync(join(folder, 'autostart/sluice.desktop'))).toBe(false)
  })

  it("is below the home folder when XDG's is none, and the system's own elsewhere", () => {
    xdgAutostart({ XDG_CONFIG_HOME: 'relative' }, folder, ['sluice']).set(true)
    expect(existsSync(join(folder, '.config/autostart/sluice.desktop'))).toBe(true)
    const asked: unknown[] = []
    const items = {
      getLoginItemSettings: () => ({ openAtLogin: true }),
      setLoginItemSettings: (settings: object) => void asked.push(settings),
    }
    const login = startAtLogin(items, 'win32', () => {
      throw new Error('this is for Linux')
    })
    login.set(true)
    expect(login.enabled()).toBe(true)
    expect(asked).toEqual([{ openAtLogin: true, args: ['--hidden'] }])
  })
})

describe('a secret', () => {
  const keychain = { backend: 'gnome_libsecret', available: true, shouldReEncrypt: false, encryptions: 0 }
  const safe = {
    isAsyncEncryptionAvailable: () => Promise.resolve(keychain.available),
    getSelectedStorageBackend: () => keychain.backend as 'gnome_libsecret',
    encryptStringAsync: (text: string) => {
      keychain.encryptions++
      return Promise.resolve(Buffer.from(text).reverse())
    },
    decryptStringAsync: (bytes: Buffer) =>
      bytes.toString() === 'broken'
        ? Promise.reject(new Error('another key'))
        : Promise.resolve({
            result: Buffer.from(bytes).reverse().toString(),
            shouldReEncrypt: keychain.shouldReEncrypt,
          }),
  }
  const store = (platform: NodeJS.Platform = 'linux') => new SecretStore(join(folder, 'a/secrets.json'), safe, platform)
  beforeEach(() => Object.assign(keychain, { backend: 'gnome_libsecret', available: true, shouldReEncrypt: false }))
  const all = (one: SecretStore) => {
    const reports: string[] = []
    return one.all((text) => reports.push(text)).then((found) => ({ found, reports }))
  }

  it('outlives the app, encrypted, in a file of its owner', async () => {
    await store().keep('UPSTREAM_PASSWORD', 'tr0ub4dor')
    await store().keep('OTHER', 'x')
    expect(store().names()).toEqual(['OTHER', 'UPSTREAM_PASSWORD'])
    const file = join(folder, 'a/secrets.json')
    expect(readFileSync(file, 'utf8')).not.toContain('tr0ub4dor')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await all(store())).toEqual({ found: { UPSTREAM_PASSWORD: 'tr0ub4dor', OTHER: 'x' }, reports: [] })
    await store().forget('OTHER')
    expect(store().names()).toEqual(['UPSTREAM_PASSWORD'])
  })

  it('is refused where it would not be safe, or under a name that would change a program', async () => {
    keychain.backend = 'basic_text'
    await expect(store().keep('A', 'x')).rejects.toMatchObject({ code: 'SLUICE_REFUSED' })
    await store('darwin').keep('A', 'x')
    keychain.available = false
    await expect(store('darwin').keep('A', 'x')).rejects.toMatchObject({ code: 'SLUICE_REFUSED' })
    for (const name of ['PATH', 'NODE_OPTIONS', 'LD_PRELOAD', 'lower', 'A-B', '', '__proto__'])
      await expect(store().keep(name, 'x')).rejects.toMatchObject({ code: 'SLUICE_USAGE' })
  })

  it('is encrypted anew when the key has changed, and one that is lost keeps the others', async () => {
    await store().keep('A', 'x')
    keychain.shouldReEncrypt = true
    const before = keychain.encryptions
    await all(store())
    expect(keychain.encryptions).toBe(before + 1)
    const file = join(folder, 'a/secrets.json')
    writeFileSync(
      file,
      JSON.stringify({ A: Buffer.from('x').toString('base64'), B: Buffer.from('broken').toString('base64') }),
    )
    const { found, reports } = await all(store())
    expect(found).toEqual({ A: 'x' })
    expect(reports).toEqual(['the secret B cannot be read: another key. Give it again'])
  })

  it('is gone with a damaged file, which is kept aside and told of until somebody has seen to it', async () => {
    const file = join(folder, 'a/secrets.json')
    await store().keep('A', 'x')
    writeFileSync(file, '{"A":"x')
    const damaged = store()
    expect(damaged.names()).toEqual([])
    expect(damaged.trouble).toMatch(/damaged, so they are gone\. Give them again; .*secrets\.json\.damaged/)
    await damaged.keep('B', 'y')
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('{"A":"x')
    expect(store().trouble).not.toBe('')
    // A second damage takes nothing of the first away.
    writeFileSync(file, '[]')
    expect(store().trouble).not.toBe('')
    expect(readdirSync(join(folder, 'a')).filter((name) => name.includes('.damaged'))).toHaveLength(2)
    store().settle()
    expect(store().trouble).toBe('')
    expect(readdirSync(join(folder, 'a')).filter((name) => name.includes('.damaged'))).toHaveLength(2)
  })

  it('is not written over where the file of the others cannot be read', async () => {
    mkdirSync(join(folder, 'a/secrets.json'), { recursive: true })
    expect(store().trouble).toMatch(/cannot be read/)
    await expect(store().keep('A', 'x')).rejects.toMatchObject({ code: 'SLUICE_FILE' })
    expect(statSync(join(folder, 'a/secrets.json')).isDirectory()).toBe(true)
  })
})

describe('the log', () => {
  it('keeps five files of ten megabytes', () => {
    const log = new LogFile(join(folder, 'logs'))
    const block = `${'x'.repeat(1024 * 1024 - 1)}\n`
    for (let written = 0; written < 70; written++) log.write(block)
    log.say('last')
    const size = (name: string) => statSync(join(folder, 'logs', name), { throwIfNoEntry: false })?.size
    for (const name of ['sluice.log.1', 'sluice.log.4']) expect(size(name)).toBe(11 * 1024 * 1024)
    expect(size('sluice.log.5')).toBeUndefined()
    expect(readFileSync(join(folder, 'logs/sluice.log'), 'utf8')).toMatch(/"message":"last"\}\n$/)
  })
})
