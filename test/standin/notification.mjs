import { EventEmitter } from 'node:events'
import { calls } from './calls.mjs'

/** Reached by tests through `Notification.all`; clicked by emitting `click`. */
export class Notification extends EventEmitter {
  static all = []
  static isSupported = () => true

  constructor(options) {
    super()
    this.options = options
  }
  show() {
    Notification.all.push(this)
    calls.push(['Notification', this.options])
    this.emit('show')
  }
  close() {}
}
