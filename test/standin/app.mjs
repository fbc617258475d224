import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { calls, recorded } from './calls.mjs'
import { stopChromium } from './chromium.mjs'
import { takeInstance } from './single-instance.mjs'

const switches = new Map(
  process.argv
    .slice(2)
    .filter((argument) => argument.startsWith('--'))
    .map((argument) => {
      const [name, ...value] = argument.slice(2).split('=')
      return [name, value.join('=')]
    }),
)

class App extends EventEmitter {
  isPackaged = switches.has('standin-packaged')
  name = 'Sluice'
  folder = process.cwd()
  /** Whether it has been asked to end. */
  over = false
  commandLine = {
    hasSwitch: (name) => switches.has(name),
    getSwitchValue: (name) => switches.get(name) ?? '',
    appendSwitch: (name, value = '') => void switches.set(name, value),
  }
  /** The windows; they register themselves. */
  windows = new Set()
  #ready = Promise.withResolvers()
  #isReady = false
  #userData
  #instance
  #loginItem = {}

  whenReady = () => this.#ready.promise
  isReady = () => this.#isReady
  becomeReady() {
    this.#isReady = true
    this.emit('ready', {})
    this.#ready.resolve()
  }

  getPath(name) {
    this.#userData ??= switches.get('user-data-dir') ?? mkdtempSync(join(tmpdir(), 'sluice-standin-'))
    const own = { userData: '', logs: 'logs', crashDumps: 'Crashpad', sessionData: '' }
    const path =
      name in own
        ? join(this.#userData, own[name])
        : { temp: tmpdir(), home: homedir(), exe: process.execPath, appData: join(homedir(), '.config') }[name]
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    mkdirSync(name === 'exe' ? tmpdir() : path, { recursive: true })
    return path
  }
  getVersion = () => JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')).version
  getName = () => this.name
  setName(name) {
    this.name = name
  }
  getAppPath = () => this.folder
  getLocale = () => 'en-GB'
  setAppUserModelId = recorded('setAppUserModelId')
  setAboutPanelOptions = recorded('setAboutPanelOptions')
  setAsDefaultProtocolClient(...args) {
    calls.push(['setAsDefaultProtocolClient', ...args])
    return true
  }
  setLoginItemSettings(settings) {
    calls.push(['setLoginItemSettings', settings])
    this.#loginItem = settings
  }
  getLoginItemSettings = () => ({ openAtLogin: false, ...this.#loginItem })
  focus = recorded('app.focus')

  requestSingleInstanceLock() {
    this.#instance ??= takeInstance(this.getPath('userData'), (argv, directory) =>
      this.emit('second-instance', {}, argv, directory, null),
    )
    return this.#instance.first
  }
  releaseSingleInstanceLock() {
    this.#instance?.release()
    this.#instance = undefined
  }

  quit() {
    if (this.#prevented('before-quit')) return
    for (const window of this.windows) window.destroy()
    if (this.#prevented('will-quit')) return
    this.exit(0)
  }
  exit(code = 0) {
    if (this.over) return
    this.over = true
    this.emit('quit', {}, code)
    this.releaseSingleInstanceLock()
    void stopChromium().then(() => process.exit(code))
  }
  relaunch = recorded('relaunch')

  #prevented(name) {
    let prevented = false
    this.emit(name, {
      preventDefault: () => {
        prevented = true
      },
    })
    return prevented
  }
}

export const app = new App()
process.on('SIGTERM', () => app.quit())
process.on('SIGINT', () => app.quit())
