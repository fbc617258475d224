import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { SluiceError } from '../errors.ts'
import { isWildcard } from './exposure.ts'

/** `name`, `name:port`, `[v6]`, `[v6]:port`. */
const shape = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i

export interface HostNamesOptions {
  /** What the console listens on. */
  readonly host: string
  readonly port: number
  /** More names, for a proxy or a tunnel: `name` is good with any port, `name:port` with that one. */
  readonly names: readonly string[]
  /** With TLS: the names that the certificate of the moment vouches for are good too. */
  readonly certificate: () => X509Certificate | undefined
}

/** Throws `SLUICE_USAGE` for what cannot stand in a `host` header. */
export function checkHostName(name: string): void {
  if (shape.test(name)) return
  throw new SluiceError('SLUICE_USAGE', `--console-name: "${name}" is no name of a host: give NAME or NAME:PORT`)
}

/**
 * The names under which a console may be asked. A page of another site can have its own name lead to this machine (DNS
 * rebinding), and is then of the same origin as the console in the browser's eyes: only the `host` header gives it away.
 */
export class HostNames {
  readonly #exact = new Set<string>()
  readonly #anyPort = new Set<string>()
  readonly #port: string
  readonly #certificate: () => X509Certificate | undefined

  /** The names are checked already. */
  constructor({ host, port, names, certificate }: HostNamesOptions) {
    this.#port = String(port)
    this.#certificate = certificate
    const own = isWildcard(host) ? [] : [isIP(host) === 6 ? `[${host}]` : host]
    for (const name of ['localhost', '127.0.0.1', '[::1]', ...own]) this.#exact.add(`${name.toLowerCase()}:${port}`)
    for (const name of names) {
      const [, , given] = shape.exec(name) ?? []
      ;(given === undefined ? this.#anyPort : this.#exact).add(name.toLowerCase())
    }
  }

  /** True when a request with this `host` header was meant for us. */
  allows(header: string | undefined): boolean {
    const certificate = this.#certificate()
    const [, name, port = certificate ? '443' : '80'] = shape.exec(header?.toLowerCase() ?? '') ?? []
    if (name === undefined) return false
    if (this.#anyPort.has(name) || this.#exact.has(`${name}:${port}`)) return true
    if (certificate === undefined || port !== this.#port) return false
    const bare = name.replace(/^\[|\]$/g, '')
    return (isIP(bare) ? certificate.checkIP(bare) : certificate.checkHost(bare)) !== undefined
  }
}
