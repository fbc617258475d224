import type { Server } from 'node:net'
import { SluiceError, systemCode } from '../errors.ts'

/**
 * How many connections may wait to be accepted. Beyond, the system drops the attempts, and an honest client among a crowd
 * tries again after one second, then two, then four: Node's 511 are too few.
 */
export const listenBacklog = 4096

/** Resolves when `server` listens; rejects with `SLUICE_LISTEN`, which says why it cannot and what would help. */
export async function listen(server: Server, bind: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: unknown) => reject(listenError(error, bind, port))
    server.once('error', refuse)
    server.listen(port, bind, listenBacklog, () => {
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
