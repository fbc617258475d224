import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { devTools } from './chromium.mjs'
import { ipcMain } from './ipc-main.mjs'
import { pageSide } from './page-side.mjs'
import { answer, fromChromium, schemes, toChromium } from './protocol.mjs'
import { session } from './session.mjs'
import { wireValues } from './wire-values.mjs'

const wire = wireValues()
const all = new Map()
let lastId = 0

/** A page: a target of Chromium's, with the built preload in it. */
export class WebContents extends EventEmitter {
  id = ++lastId
  session = session.defaultSession
  mainFrame = { url: '', parent: null }
  #made
  #session
  #gone = false

  constructor(preferences, size) {
    super()
    all.set(this.id, this)
    this.#made = this.#make(preferences, size)
  }

  async #make({ preload }, { width = 800, height = 600 }) {
    const { targetId } = await devTools.send('Target.createTarget', {
      url: 'about:blank',
      width,
      height,
      newWindow: true,
    })
    this.targetId = targetId
    const { sessionId } = await devTools.send('Target.attachToTarget', { targetId, flatten: true })
    this.#session = sessionId
    const on = (event, listener) => devTools.on(`${sessionId}:${event}`, listener)
    on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return
      this.mainFrame = { url: fromChromium(frame.url + (frame.urlFragment ?? '')), parent: null }
      this.emit('did-navigate', {}, this.mainFrame.url, 200, 'OK')
    })
    on('Fetch.requestPaused', ({ requestId, request }) => void this.#serve(requestId, request))
    on('Page.loadEventFired', () => {
      this.emit('did-finish-load')
      this.emit('standin-painted')
    })
    on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }))
    on('Runtime.bindingCalled', ({ payload }) => void this.#fromPage(wire.read(payload)))
    devTools.on(':Target.targetDestroyed', (event) => {
      if (event.targetId === targetId) this.#ended()
    })
    const send = (method, params) => devTools.send(method, params, sessionId)
    const patterns = schemes().map((scheme) => ({ urlPattern: `https://*.${scheme}.invalid/*` }))
    await Promise.all([
      devTools.send('Target.setDiscoverTargets', { discover: true }),
      ...['Page.enable', 'Runtime.enable', 'Inspector.enable'].map((method) => send(method)),
      send('Fetch.enable', { patterns }),
      send('Runtime.addBinding', { name: '__standIn' }),
    ])
    if (preload === undefined) return
    const source = `(${pageSide})(${wireValues}, ${JSON.stringify(readFileSync(preload, 'utf8'))})`
    await send('Page.addScriptToEvaluateOnNewDocument', { source })
  }

  async #serve(requestId, request) {
    const fulfilled = await answer(request)
    // The page may have gone on meanwhile.
    await this.#send('Fetch.fulfillRequest', { requestId, ...fulfilled }).catch(() => undefined)
  }

  async #fromPage({ id, channel, args }) {
    const event = { sender: this, senderFrame: this.mainFrame, processId: 1, frameId: 1, ports: [] }
    if (id === undefined) ipcMain.emit(channel, event, ...args)
    else await this.#deliver({ reply: id, ...(await ipcMain.answer(event, channel, args)) })
  }

  async #deliver(said) {
    await this.#made
    const expression = `window.__standInDeliver?.(${JSON.stringify(wire.write(said))})`
    // A page that is gone hears nothing, as in Electron.
    await this.#send('Runtime.evaluate', { expression }).catch(() => undefined)
  }

  #send(method, params) {
    return devTools.send(method, params, this.#session)
  }

  send(channel, ...args) {
    if (this.#gone) throw new TypeError('Object has been destroyed')
    void this.#deliver({ channel, args: structuredClone(args) })
  }

  async loadURL(address) {
    await this.#made
    const loaded = once(this, 'did-finish-load')
    const { errorText } = await this.#send('Page.navigate', { url: toChromium(address) })
    if (errorText) throw new Error(errorText)
    await loaded
  }

  async executeJavaScript(expression) {
    await this.#made
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      ...{ expression, awaitPromise: true, returnByValue: true },
    })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  getURL = () => this.mainFrame.url
  isDestroyed = () => this.#gone
  isLoading = () => false
  setWindowOpenHandler(handler) {
    this.windowOpenHandler = handler
  }
  openDevTools() {}
  reload = () => void this.#send('Page.reload')
  close = () =>
    void this.#made.then(() => devTools.send('Target.closeTarget', { targetId: this.targetId })).catch(() => {})

  #ended() {
    if (this.#gone) return
    this.#gone = true
    all.delete(this.id)
    this.emit('destroyed')
  }
}

export const webContents = {
  getAllWebContents: () => [...all.values()],
  fromId: (id) => all.get(id),
  fromDevToolsTargetId: (targetId) => [...all.values()].find((one) => one.targetId === targetId),
}
