import { EventEmitter } from 'node:events'

/** Reached by tests through `Tray.all`. */
export class Tray extends EventEmitter {
  static all = []
  menu
  toolTip = ''

  constructor(image) {
    super()
    this.image = image
    Tray.all.push(this)
  }
  setToolTip(text) {
    this.toolTip = text
  }
  setContextMenu(menu) {
    this.menu = menu
  }
  setImage(image) {
    this.image = image
  }
  destroy() {}
  isDestroyed = () => false
}
