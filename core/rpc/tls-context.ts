import { resolve } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
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
}

/** Why a component that listens needs a keystore, and where else it may come from (core/config/global-tls.ts). */
export const keystoreReason = 'ssl = true needs it, or -Djavax.net.ssl.keyStore or FLUME_SSL_KEYSTORE_PATH'

/** Keys, certificates, versions and ciphers for node:tls. Relative files start from `baseDirectory`. Rejects with `SLUICE_TLS`. */
export async function tlsContext(settings: TlsSettings, baseDirectory: string): Promise<SecureContextOptions> {
  const path = (file: string | undefined) => file && resolve(baseDirectory, file)
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
}
