/**
 * Every code an error of Sluice can carry. The window, the command line and scripts switch on the code, never on the
 * text; `docs/errors.md` explains each (a test holds the two lists together).
 */
export const errorCodes = [
  'SLUICE_ABORTED',
  'SLUICE_AGENT_RUNNING',
  'SLUICE_BATCH_TOO_LARGE',
  'SLUICE_CHANNEL_CLOSED',
  'SLUICE_CHANNEL_CORRUPT',
  'SLUICE_CHANNEL_FULL',
  'SLUICE_CHANNEL_IO',
  'SLUICE_CHANNEL_LOCKED',
  'SLUICE_COMPONENT_LOAD',
  'SLUICE_CONFIG',
  'SLUICE_CONTROL',
  'SLUICE_DELIVERY',
  'SLUICE_DISK_FULL',
  'SLUICE_EVENT_FORMAT',
  'SLUICE_FILE',
  'SLUICE_FORBIDDEN',
  'SLUICE_FRAME',
  'SLUICE_INSTALLATION',
  'SLUICE_INTERNAL',
  'SLUICE_LISTEN',
  'SLUICE_NODE_TOO_OLD',
  'SLUICE_PAUSED',
  'SLUICE_PEER',
  'SLUICE_REFUSED',
  'SLUICE_SIGN_IN',
  'SLUICE_TIMEOUT',
  'SLUICE_TLS',
  'SLUICE_USAGE',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export interface SluiceErrorOptions extends ErrorOptions {
  /** What a reader needs to act: file, line, key, peer, limit. Never a secret. */
  details?: Readonly<Record<string, string | number | boolean>>
}

/** An error with a stable code. The message says what happened and, where it can, what would be right. */
export class SluiceError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options)
    this.name = 'SluiceError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** True when `error` is ours and carries one of `codes` (any code when none is given). */
export function isSluiceError(error: unknown, ...codes: ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && (codes.length === 0 || codes.includes(error.code))
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The system's error code (`ENOENT`, `EADDRINUSE`, …) of anything that was thrown, if it has one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
