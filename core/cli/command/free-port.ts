import { createServer } from 'node:net'
import { errorText, SluiceError, systemCode } from '../../errors.ts'

/** Resolves to true when something else listens on `port` of `host`. */
export function portTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => {
      const code = systemCode(error)
      // EACCES: a port that only root may take is as good as taken.
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(true)
      else reject(new SluiceError('SLUICE_LISTEN', `cannot listen on ${host}: ${errorText(error)}`, { cause: error }))
    })
    server.listen(port, host, () => server.close(() => resolve(false)))
  })
}

/**
 * The first free port from `preferred` on. It is written into a file and used for years, so it must lie below the range
 * from which systems draw the ports of outgoing connections (32768 on Linux).
 */
export async function freePort(host: string, preferred: number, taken: readonly number[] = []): Promise<number> {
  for (let port = preferred; port < preferred + 1000; port++)
    if (!taken.includes(port) && !(await portTaken(host, port))) return port
  throw new SluiceError('SLUICE_LISTEN', `no port from ${preferred} to ${preferred + 999} of ${host} is free`)
}
