import { EventEmitter, once } from 'node:events'

/** A connection to Chromium's DevTools protocol with flattened sessions; emits `<session>:<event>`. */
export class DevTools extends EventEmitter {
  #socket
  #lastId = 0
  #waiting = new Map()

  static async connect(address) {
    const devTools = new DevTools()
    devTools.setMaxListeners(0)
    devTools.#socket = new WebSocket(address)
    devTools.#socket.onmessage = ({ data }) => devTools.#hear(JSON.parse(data))
    await once(devTools.#socket, 'open')
    return devTools
  }

  send(method, params = {}, sessionId) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
    })
  }

  #hear({ id, sessionId = '', method, params, result, error }) {
    if (id === undefined) {
      this.emit(`${sessionId}:${method}`, params)
      return
    }
    const { resolve, reject } = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) reject(new Error(error.message))
    else resolve(result)
  }
}
