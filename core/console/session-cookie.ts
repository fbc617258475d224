import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Role } from '../control/contract.ts'
import type { AccessToken, AccessTokens } from './access-tokens.ts'

/** A page that is open is renewed long before this; one that is not asks for the token again. Milliseconds. */
const lifetime = 7 * 24 * 3600 * 1000

export interface Session {
  readonly role: Role
  /** The cookie that carries it on, when more than half of its time has gone. */
  readonly renewed: string | undefined
}

/**
 * Sessions that a browser keeps for us: `<expires>.<random id>.<signature>`. A session holds neither the token nor
 * anything that leads to it, needs no memory here, outlives a restart of the agent and ends with its token.
 */
export class SessionCookie {
  /** Browsers send cookies to every port of a host: two consoles on one machine must not take each other's. */
  readonly name: string
  readonly #tokens: AccessTokens
  readonly #clock: Clock
  readonly #attributes: string

  constructor(tokens: AccessTokens, clock: Clock, port: number, secure: boolean) {
    this.#tokens = tokens
    this.#clock = clock
    this.name = secure ? `__Host-sluice-${port}` : `sluice-${port}`
    this.#attributes = `; HttpOnly; SameSite=Strict; Path=/${secure ? '; Secure' : ''}`
  }

  /** A new session, as a `set-cookie` header. */
  open(token: AccessToken): string {
    const claim = `${(this.#clock.now() + lifetime).toString(36)}.${randomBytes(16).toString('base64url')}`
    return `${this.name}=${claim}.${signature(token, claim)}; Max-Age=${lifetime / 1000}${this.#attributes}`
  }

  /** The `set-cookie` header that ends it in the browser. */
  get cleared(): string {
    return `${this.name}=; Max-Age=0${this.#attributes}`
  }

  /** The session in a request's `cookie` header. */
  read(header: string | undefined): Session | undefined {
    for (const cookie of header?.split(';') ?? []) {
      const [name = '', value = ''] = cookie.trim().split('=', 2)
      if (name !== this.name) continue
      const match = /^(([0-9a-z]{1,11})\.[\w-]{22})\.([\w-]{43})$/.exec(value)
      if (match === null) continue
      const [, claim = '', expires = '', signed = ''] = match
      const left = parseInt(expires, 36) - this.#clock.now()
      if (!(left > 0 && left <= lifetime)) continue
      for (const token of this.#tokens.all)
        if (timingSafeEqual(Buffer.from(signature(token, claim)), Buffer.from(signed)))
          return { role: token.role, renewed: left < lifetime / 2 ? this.open(token) : undefined }
    }
    return undefined
  }
}

function signature({ sessionKey, role }: AccessToken, claim: string): string {
  return createHmac('sha256', sessionKey).update(`${role}.${claim}`).digest('base64url')
}
