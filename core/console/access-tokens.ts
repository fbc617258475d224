import { createHash, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Role } from '../control/contract.ts'
import { SluiceError } from '../errors.ts'

/**
 * A secret this long cannot be guessed over a network, however often somebody tries: that is why a wrong attempt never
 * bars the way for the right one.
 */
export const leastTokenLength = 16

export interface AccessToken {
  readonly role: Role
  /** What sessions that this token opened are signed with: another token ends them. */
  readonly sessionKey: Buffer
}

interface StoredToken extends AccessToken {
  readonly digest: Buffer
}

const digestOf = (secret: string) => createHash('sha256').update(secret).digest()

export interface Secret {
  readonly secret: string
  readonly role: Role
}

/** Throws `SLUICE_USAGE` for one that is too short, or that stands for two roles. */
export function checkSecrets(secrets: readonly Secret[]): void {
  for (const { secret, role } of secrets)
    if (secret.length < leastTokenLength)
      throw new SluiceError(
        'SLUICE_USAGE',
        `the console's ${role === 'read' ? 'read-only token' : 'token'} has ${secret.length} characters: give at least ` +
          `${leastTokenLength}, as openssl rand -base64 24 makes them`,
      )
  if (new Set(secrets.map(({ secret }) => secret)).size < secrets.length)
    throw new SluiceError('SLUICE_USAGE', 'the token and the read-only token of the console are the same: give two')
}

/** The secrets that open a console, kept as digests, and the role that each gives. */
export class AccessTokens {
  readonly #tokens: readonly StoredToken[]

  /** Throws as {@link checkSecrets}. */
  constructor(secrets: readonly Secret[]) {
    checkSecrets(secrets)
    this.#tokens = secrets.map(({ secret, role }) => {
      // Dear on purpose: a session must not help to find out the password of somebody who chose a poor one.
      const sessionKey = scryptSync(secret, 'sluice console session', 32)
      return { role, digest: digestOf(secret), sessionKey }
    })
  }

  get all(): readonly AccessToken[] {
    return this.#tokens
  }

  /** How long it takes says nothing of how much of `secret` was right. */
  find(secret: string): AccessToken | undefined {
    const digest = digestOf(secret)
    let found: AccessToken | undefined
    for (const token of this.#tokens) if (timingSafeEqual(token.digest, digest)) found = token
    return found
  }
}
