import { errorText, isSluiceError, SluiceError } from '../../errors.ts'
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
