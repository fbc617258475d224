import { errorText, isSluiceError, SluiceError, systemCode } from '../../errors.ts'
import { isCorruption } from './index-database.ts'
import type { Failure } from './worker-messages.ts'

/** An error in the form in which it crosses to another thread. */
export function failureOf(error: unknown): Failure {
  if (isSluiceError(error)) return { code: error.code, message: error.message }
  if (isCorruption(error)) return { code: 'SLUICE_CHANNEL_CORRUPT', message: errorText(error) }
  return { code: 'SLUICE_CHANNEL_IO', message: errorText(error) }
}

/** A worker's failure as the error its caller sees. */
export function failureError(failure: Failure): SluiceError {
  return new SluiceError(failure.code, failure.message)
}

/** An error of the disk under a channel as the channel's callers see it. */
export function diskError(error: unknown, what: string): SluiceError {
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SluiceError('SLUICE_DISK_FULL', `${what}: no space left on the disk`, { cause: error })
  return new SluiceError('SLUICE_CHANNEL_IO', `${what}: ${errorText(error)}`, { cause: error })
}
