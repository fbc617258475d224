/**
 * What Sluice uses of `node:http`, without importing that module: an import reads every name that it exports, also the
 * lazy `WebSocket`, which loads the whole of undici (50 ms of each start and 14 MB that nothing here uses).
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
