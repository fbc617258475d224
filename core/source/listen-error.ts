import { SluiceError, systemCode } from '../errors.ts'

/** Why a port cannot be listened on, and what would help. */
export function listenError(error: unknown, bind: string, port: number): SluiceError {
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
