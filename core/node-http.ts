/**
 * What Sluice uses of `node:http`, without importing that module: an import reads every name that it exports, also the
 * lazy `WebSocket`, which loads the whole of undici (0.15 s of each start and 9 MB that nothing here uses).
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
