import { BrowserWindow, screen, type WebContents } from 'electron'
import { isOurPage, pageAddress } from './page-protocol.ts'
import { readWindowState, writeWindowState } from './window-state.ts'

export interface MainWindowOptions {
  readonly preload: string
  readonly stateFile: string
  readonly devtools: boolean
  /** A link that leads out of the page; never opened in the window. */
  readonly onExternalLink: (address: string) => void
  /** The page was left, reloaded or is gone. */
  readonly onLeft: () => void
  readonly log: (text: string) => void
}

/** The one window of the app. Closing it ends the page and nothing else; it is made again when it is wanted. */
export class MainWindow {
  readonly #options: MainWindowOptions
  #window: BrowserWindow | undefined
  /** Whether the page has said that it can be sent to a place. */
  #ready = false
  #place: string | undefined
  #reloaded = false

  constructor(options: MainWindowOptions) {
    this.#options = options
  }

  get page(): WebContents | undefined {
    return this.#window?.webContents
  }

  /** Brings it to the front, at `place` when one is given. */
  show(place?: string): void {
    this.#place = place ?? this.#place
    if (this.#window === undefined) {
      this.#open()
      return
    }
    if (this.#window.isMinimized()) this.#window.restore()
    this.#window.show()
    this.#window.focus()
  }

  /** The place where the page is to go and that it has not been sent to; asked when it is ready. */
  takePlace(): string | undefined {
    if (!this.#ready) return undefined
    const place = this.#place
    this.#place = undefined
    return place
  }

  pageReady(): void {
    this.#ready = true
  }

  #open(): void {
    const { preload, stateFile, devtools, log } = this.#options
    const screens = screen.getAllDisplays().map(({ workArea }) => workArea)
    const state = readWindowState(stateFile, screens)
    const window = new BrowserWindow({
      width: 1280,
      height: 800,
      ...(state && { x: state.x, y: state.y, width: state.width, height: state.height }),
      minWidth: 640,
      minHeight: 480,
      show: false,
      title: 'Sluice',
      autoHideMenuBar: true,
      // All of these are the defaults of today; a test holds them, whatever tomorrow's are.
      webPreferences: {
        preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        navigateOnDragDrop: false,
        devTools: devtools,
        spellcheck: false,
      },
    })
    this.#window = window
    this.#ready = false
    if (state?.maximized === true) window.maximize()
    window.once('ready-to-show', () => window.show())
    window.on('close', () => this.#keepState(window))
    window.once('closed', () => {
      this.#window = undefined
      this.#ready = false
      this.#options.onLeft()
    })
    this.#guard(window.webContents)
    window.loadURL(pageAddress).catch((error: unknown) => log(`the page cannot be loaded: ${String(error)}`))
  }

  /** The page stays ours: it goes nowhere else, opens nothing, and is loaded once more when it has crashed. */
  #guard(page: WebContents): void {
    const { onExternalLink, onLeft, log } = this.#options
    const stay = (event: { preventDefault: () => void }, address: string) => {
      if (!isOurPage(address)) event.preventDefault()
    }
    page.on('will-navigate', (event) => stay(event, event.url))
    page.on('will-redirect', (event) => stay(event, event.url))
    page.on('will-attach-webview', (event) => event.preventDefault())
    page.setWindowOpenHandler(({ url }) => {
      onExternalLink(url)
      return { action: 'deny' }
    })
    page.on('did-navigate', () => {
      this.#ready = false
      onLeft()
    })
    page.on('render-process-gone', (_event, { reason, exitCode }) => {
      onLeft()
      log(`the page's process is gone: ${reason} (${exitCode})`)
      if (reason === 'clean-exit' || this.#reloaded) return
      this.#reloaded = true
      page.reload()
    })
  }

  #keepState(window: BrowserWindow): void {
    try {
      const bounds = window.getNormalBounds()
      writeWindowState(this.#options.stateFile, { ...bounds, maximized: window.isMaximized() })
    } catch (error) {
      this.#options.log(`where the window was cannot be kept: ${String(error)}`)
    }
  }
}
