// `electron` is the stand-in, for import and require, in this process and in utility processes.
import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'

const standIn = new URL('./electron.mjs', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
})

if (process.env.STANDIN_UTILITY) {
  const port = new EventEmitter()
  port.postMessage = (data) => void (process.connected && process.send({ data }))
  process.on('message', ({ data }) => port.emit('message', { data, ports: [] }))
  // Electron ends a utility process with the app.
  process.on('disconnect', () => process.exit(0))
  process.parentPort = port
}
