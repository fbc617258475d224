/**
 * Runs in the page before its own scripts: what Electron's preload environment gives, over one binding of the DevTools
 * protocol. Its source is sent there, so it uses nothing of this module.
 */
export function pageSide(wireValues, preloadSource) {
  if (window !== window.top || window.__standInDeliver) return
  const post = window.__standIn
  delete window.__standIn
  const wire = wireValues()
  const listeners = new Map()
  const waiting = new Map()
  let lastId = 0

  Object.defineProperty(window, '__standInDeliver', {
    value: (text) => {
      const said = wire.read(text)
      if (said.reply === undefined) {
        for (const listener of [...(listeners.get(said.channel) ?? [])]) listener({ ports: [] }, ...said.args)
        return
      }
      const { resolve, reject } = waiting.get(said.reply)
      waiting.delete(said.reply)
      if (said.error === undefined) resolve(said.result)
      else reject(new Error(said.error))
    },
  })

  const ipcRenderer = {
    invoke: (channel, ...args) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        const text = wire.write({ id, channel, args: structuredClone(args) })
        waiting.set(id, { resolve, reject })
        post(text)
      }),
    send: (channel, ...args) => post(wire.write({ channel, args: structuredClone(args) })),
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
    removeListener(channel, listener) {
      const others = (listeners.get(channel) ?? []).filter((one) => one !== listener)
      listeners.set(channel, others)
      return ipcRenderer
    },
  }

  // What crosses the bridge is copied, both ways: functions cross as proxies, all else must be cloneable.
  const cross = (value) => {
    if (typeof value === 'function') return (...args) => cross(value(...args.map(cross)))
    if (value instanceof Promise) return value.then(cross)
    if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
      return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cross(one)])))
    return structuredClone(value)
  }
  const contextBridge = {
    exposeInMainWorld: (name, api) =>
      Object.defineProperty(window, name, { value: cross(api), configurable: false, writable: false }),
  }
  // What a sandboxed preload may load, and nothing else.
  const require = (name) => {
    if (name === 'electron') return { ipcRenderer, contextBridge }
    throw new Error(`module not found: ${name}`)
  }
  const module = { exports: {} }
  const process = { platform: 'linux', versions: {}, contextIsolated: true, sandboxed: true }
  new Function('require', 'module', 'exports', 'process', preloadSource)(require, module, module.exports, process)
}
