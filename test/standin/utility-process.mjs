import { fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { app } from './app.mjs'

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A plain child with a `parentPort`. */
class UtilityProcess extends EventEmitter {
  #child

  constructor(file, args, { env = process.env, stdio = 'inherit', serviceName = 'Node Utility Process' }) {
    super()
    const streams = stdio === 'pipe' ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'inherit', 'inherit', 'ipc']
    this.#child = fork(file, args, {
      execArgv: ['--import', join(import.meta.dirname, 'hooks.mjs')],
      env: { ...env, STANDIN_UTILITY: '1' },
      serialization: 'advanced',
      stdio: streams,
    })
    running.add(this.#child)
    this.#child.once('spawn', () => {
      this.pid = this.#child.pid
      this.emit('spawn')
    })
    this.#child.on('message', ({ data }) => this.emit('message', data))
    this.#child.once('exit', (code, signal) => {
      running.delete(this.#child)
      this.pid = undefined
      const exitCode = code ?? (signal === 'SIGKILL' ? 9 : 1)
      this.emit('exit', exitCode)
      const reason = code === 0 ? 'clean-exit' : signal === null ? 'abnormal-exit' : 'killed'
      app.emit('child-process-gone', {}, { type: 'Utility', reason, exitCode, name: serviceName, serviceName })
    })
  }

  get stdout() {
    return this.#child.stdout
  }
  get stderr() {
    return this.#child.stderr
  }
  postMessage(data) {
    if (this.#child.connected) this.#child.send({ data: structuredClone(data) })
  }
  kill = () => this.#child.kill()
}

export const utilityProcess = { fork: (file, args = [], options = {}) => new UtilityProcess(file, args, options) }
