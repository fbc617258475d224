import type { Server } from 'node:net'
import { SluiceError, systemCode } from '../errors.ts'

/**
 * Resolves when `server` listens; rejects with `SLUICE_LISTEN`, which says why it cannot and what would help. `backlog`
 * is how many connections may wait to be accepted; the 511 of Node unless more are to be feared.
 */
export async function listen(server: Server, bind: string, port: number, backlog?: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: unknown) => reject(listenError(error, bind, port))
    server.once('error', refuse)
    server.listen(port, bind, backlog, () => {
      server.off('error', refuse)
      resolve()
    })
  })
}

/** The port that `server` listens on: the one the system chose when the configuration says 0. */
export function listeningPort(server: Server | undefined, configured: number): number {
  const address = server?.address()
  return typeof address === 'object' && address !== null ? address.port : configured
}

function listenError(error: unknown, bind: string, port: number): SluiceError {
  const code = systemCode(error)
  const why =
    code === 'EADDRINUSE'
      ? 'something else listens there: choose another port, or end the other program'
      : code === 'EACCES'
        ? 'this user may not listen on a port below 1024'
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? 'this machine does not have that address: bind 0.0.0.0 for all, 127.0.0.1 for this machine only'
          : String(error)
  return new SluiceError('SLUICE_LISTEN', `cannot listen on ${bind}:${port}: ${why}`, {
    cause: error,
    details: { address: bind, port },
  })
}
