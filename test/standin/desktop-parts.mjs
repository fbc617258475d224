/** The desktop around the windows: what it is asked is recorded, what it says is up to the test. */
import { EventEmitter } from 'node:events'
import { calls, recorded } from './calls.mjs'

/** A test puts the next answers here by the dialog's name; without one, the user cancels. */
export const answers = {}
const ask =
  (name) =>
  async (...args) => {
    calls.push([name, ...args])
    return (
      answers[name]?.shift() ?? { canceled: true, filePath: '', filePaths: [], response: 0, checkboxChecked: false }
    )
  }
export const dialog = {
  showOpenDialog: ask('showOpenDialog'),
  showSaveDialog: ask('showSaveDialog'),
  showMessageBox: ask('showMessageBox'),
  showErrorBox: recorded('showErrorBox'),
}

export const shell = {
  openExternal: async (address) => recorded('openExternal')(address),
  openPath: async (path) => {
    calls.push(['openPath', path])
    return ''
  },
  showItemInFolder: recorded('showItemInFolder'),
}

export const nativeTheme = Object.assign(new EventEmitter(), { themeSource: 'system', shouldUseDarkColors: false })

const image = (path) => ({ path, isEmpty: () => false, setTemplateImage: () => undefined, resize: () => image(path) })
export const nativeImage = { createFromPath: image, createEmpty: () => image(undefined) }

export const powerMonitor = Object.assign(new EventEmitter(), { onBatteryPower: false, getSystemIdleTime: () => 0 })

let lastBlocker = 0
const blockers = new Set()
export const powerSaveBlocker = {
  start: (type) => {
    calls.push(['powerSaveBlocker.start', type])
    blockers.add(++lastBlocker)
    return lastBlocker
  },
  stop: (id) => {
    calls.push(['powerSaveBlocker.stop', id])
    return blockers.delete(id)
  },
  isStarted: (id) => blockers.has(id),
}

export const crashReporter = { start: recorded('crashReporter.start') }

const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } }
export const screen = Object.assign(new EventEmitter(), {
  getPrimaryDisplay: () => display,
  getAllDisplays: () => [display],
})
