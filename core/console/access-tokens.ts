import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
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

/** The secrets that open a console, kept as digests, and the role that each gives. */
export class AccessTokens {
  readonly #tokens: readonly StoredToken[]

  /** Throws `SLUICE_USAGE` for a token that is too short or stands for two roles. */
  constructor(secrets: readonly { readonly secret: string; readonly role: Role }[]) {
    this.#tokens = secrets.map(({ secret, role }) => {
      if (secret.length < leastTokenLength)
        throw new SluiceError(
          'SLUICE_USAGE',
          `the console's ${role === 'read' ? 'read-only token' : 'token'} has ${secret.length} characters: give at least ` +
            `${leastTokenLength}, as openssl rand -base64 24 makes them`,
        )
      const sessionKey = Buffer.from(hkdfSync('sha256', secret, '', 'sluice console session', 32))
      return { role, digest: digestOf(secret), sessionKey }
    })
    const [first, second] = this.#tokens
    if (first && second && first.digest.equals(second.digest))
      throw new SluiceError('SLUICE_USAGE', 'the token and the read-only token of the console are the same: give two')
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
