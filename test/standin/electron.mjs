/** What `import … from 'electron'` gives. Beside Electron's own names stand those that tests steer it by. */
export { app } from './app.mjs'
export { BrowserWindow } from './browser-window.mjs'
export { calls } from './calls.mjs'
export {
  answers,
  crashReporter,
  dialog,
  nativeImage,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  screen,
  shell,
} from './desktop-parts.mjs'
export { ipcMain } from './ipc-main.mjs'
export { Menu, MenuItem } from './menu.mjs'
export { Notification } from './notification.mjs'
export { privileged, protocol } from './protocol.mjs'
export { keychain, safeStorage } from './safe-storage.mjs'
export { session } from './session.mjs'
export { Tray } from './tray.mjs'
export { utilityProcess } from './utility-process.mjs'
export { webContents } from './web-contents.mjs'
