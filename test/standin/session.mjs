/** What the app has said about permissions, for a test to ask as Chromium would. */
const defaultSession = {
  permissionRequestHandler: undefined,
  permissionCheckHandler: undefined,
  setPermissionRequestHandler(handler) {
    this.permissionRequestHandler = handler
  },
  setPermissionCheckHandler(handler) {
    this.permissionCheckHandler = handler
  },
  setDevicePermissionHandler(handler) {
    this.devicePermissionHandler = handler
  },
  on() {},
}

export const session = { defaultSession }
