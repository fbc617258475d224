import { EventEmitter } from 'node:events'
import { app } from './app.mjs'
import { WebContents } from './web-contents.mjs'

/** A window without a window manager: a page, bounds, and whether it would be seen. */
export class BrowserWindow extends EventEmitter {
  #bounds
  #visible
  #minimized = false
  #maximized = false
  #focused = false

  constructor(options = {}) {
    super()
    this.options = options
    this.webContents = new WebContents(options.webPreferences ?? {}, options)
    this.id = this.webContents.id
    this.#visible = options.show !== false
    const { x = 100, y = 50, width = 800, height = 600 } = options
    this.#bounds = { x, y, width, height }
    app.windows.add(this)
    this.webContents.once('standin-painted', () => this.emit('ready-to-show'))
    this.webContents.once('destroyed', () => {
      app.windows.delete(this)
      this.emit('closed')
      if (app.windows.size === 0 && !app.over) app.emit('window-all-closed')
    })
    app.emit('browser-window-created', {}, this)
  }

  static getAllWindows = () => [...app.windows]
  static getFocusedWindow = () => [...app.windows].at(-1) ?? null
  static fromWebContents = (page) => [...app.windows].find(({ webContents }) => webContents === page) ?? null

  loadURL = (address) => this.webContents.loadURL(address)
  show() {
    this.#visible = true
    this.emit('show')
  }
  hide() {
    this.#visible = false
    this.emit('hide')
  }
  focus() {
    this.#focused = true
  }
  blur() {
    this.#focused = false
  }
  isFocused = () => this.#focused
  isVisible = () => this.#visible
  isDestroyed = () => this.webContents.isDestroyed()
  minimize() {
    this.#minimized = true
  }
  restore() {
    this.#minimized = false
  }
  isMinimized = () => this.#minimized
  maximize() {
    this.#maximized = true
  }
  isMaximized = () => this.#maximized
  getBounds = () => ({ ...this.#bounds })
  getNormalBounds = () => ({ ...this.#bounds })
  setBounds(bounds) {
    Object.assign(this.#bounds, bounds)
  }
  setTitle() {}
  setMenuBarVisibility() {}

  close() {
    let prevented = false
    this.emit('close', {
      preventDefault: () => {
        prevented = true
      },
    })
    if (!prevented) this.destroy()
  }
  destroy = () => this.webContents.close()
}
