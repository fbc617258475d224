import { resolve } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { SluiceError, isSluiceError } from '../errors.ts'
import { loadCredentials } from './tls-credentials.ts'
import { tlsLimits } from './tls-versions.ts'

/** Flume's SSL keys (flume.md §3.5), as the settings of every component with TLS have them. */
export interface TlsSettings {
  readonly keystore?: string | undefined
  readonly 'keystore-password'?: string | undefined
  readonly truststore?: string | undefined
  readonly 'truststore-password'?: string | undefined
  readonly 'include-protocols'?: readonly string[] | undefined
  readonly 'exclude-protocols'?: readonly string[] | undefined
  readonly 'include-cipher-suites'?: readonly string[] | undefined
  readonly 'exclude-cipher-suites'?: readonly string[] | undefined
  /** By key: where a value came from that the component does not have itself (core/config/global-tls.ts). */
  readonly tlsOrigins?: Readonly<Record<string, string>> | undefined
}

/** Why a component that listens needs a keystore, and where else it may come from (core/config/global-tls.ts). */
export const keystoreReason = 'ssl = true needs it, or -Djavax.net.ssl.keyStore or FLUME_SSL_KEYSTORE_PATH'

/** Keys, certificates, versions and ciphers for node:tls. Relative files start from `baseDirectory`. Rejects with `SLUICE_TLS`. */
export async function tlsContext(settings: TlsSettings, baseDirectory: string): Promise<SecureContextOptions> {
  const path = (file: string | undefined) => file && resolve(baseDirectory, file)
  try {
    const credentials = await loadCredentials({
      keystore: path(settings.keystore),
      keystorePassword: settings['keystore-password'],
      truststore: path(settings.truststore),
      truststorePassword: settings['truststore-password'],
    })
    const limits = tlsLimits({
      includeProtocols: settings['include-protocols'],
      excludeProtocols: settings['exclude-protocols'],
      includeCiphers: settings['include-cipher-suites'],
      excludeCiphers: settings['exclude-cipher-suites'],
    })
    return { ...credentials, ...limits }
  } catch (error) {
    throw withOrigins(error, settings.tlsOrigins)
  }
}

/** Says where the values that an error names came from, when that is not the component's own configuration. */
function withOrigins(error: unknown, origins: Readonly<Record<string, string>> = {}): unknown {
  if (!isSluiceError(error, 'SLUICE_TLS')) return error
  const named = Object.entries(origins).filter(([key]) => new RegExp(`\\b${key}\\b(?!-)`).test(error.message))
  if (named.length === 0) return error
  const said = named.map(([key, origin]) => `${key} comes from ${origin}`).join(', ')
  return new SluiceError('SLUICE_TLS', `${error.message} (${said})`, { cause: error })
}
