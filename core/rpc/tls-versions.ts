/** TLS versions and cipher suites by the names that Flume configurations use: Java's (flume.md §3.5). */
import { constants } from 'node:crypto'
import { DEFAULT_CIPHERS, getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { SluiceError } from '../errors.ts'

export interface TlsSelection {
  readonly includeProtocols?: readonly string[] | undefined
  readonly excludeProtocols?: readonly string[] | undefined
  readonly includeCiphers?: readonly string[] | undefined
  readonly excludeCiphers?: readonly string[] | undefined
}

const versions: readonly { name: SecureVersion; java: string; off: number }[] = [
  { name: 'TLSv1', java: 'tlsv1', off: constants.SSL_OP_NO_TLSv1 },
  { name: 'TLSv1.1', java: 'tlsv1.1', off: constants.SSL_OP_NO_TLSv1_1 },
  { name: 'TLSv1.2', java: 'tlsv1.2', off: constants.SSL_OP_NO_TLSv1_2 },
  { name: 'TLSv1.3', java: 'tlsv1.3', off: constants.SSL_OP_NO_TLSv1_3 },
]
/** Without include-protocols: the versions that nobody has broken. */
const usual = ['tlsv1.2', 'tlsv1.3']

type Limits = Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'secureOptions' | 'ciphers'>

/** Throws `SLUICE_TLS` when nothing is left, or a name is not known. */
export function tlsLimits(selection: TlsSelection): Limits {
  const lower = (names: readonly string[] | undefined) => names?.map((name) => name.toLowerCase())
  const included = lower(selection.includeProtocols) ?? usual
  const excluded = lower(selection.excludeProtocols) ?? []
  const wanted = (java: string) => included.includes(java) && !excluded.includes(java)
  const left = versions.filter(({ java }) => wanted(java))
  const [first] = left
  const last = left.at(-1)
  if (first === undefined || last === undefined)
    throw new SluiceError(
      'SLUICE_TLS',
      'no TLS version is left by include-protocols and exclude-protocols: allow TLSv1.2 or TLSv1.3',
    )
  let secureOptions = 0
  for (const { java, off } of versions) if (!wanted(java)) secureOptions |= off
  return { minVersion: first.name, maxVersion: last.name, secureOptions, ...cipherLimit(selection) }
}

function cipherLimit({ includeCiphers, excludeCiphers }: TlsSelection): Pick<Limits, 'ciphers'> {
  if (includeCiphers === undefined && excludeCiphers === undefined) return {}
  const known = new Set(getCiphers())
  const included = includeCiphers?.map(openSslName)
  for (const [index, name] of (included ?? []).entries())
    if (!known.has(name.toLowerCase()))
      throw new SluiceError('SLUICE_TLS', `include-cipher-suites: ${includeCiphers?.[index]} is not known`)
  const excluded = new Set(excludeCiphers?.map((name) => openSslName(name).toLowerCase()))
  const ciphers = (included ?? DEFAULT_CIPHERS.split(':')).filter((name) => !excluded.has(name.toLowerCase()))
  if (!ciphers.some((name) => known.has(name.toLowerCase())))
    throw new SluiceError('SLUICE_TLS', 'no cipher suite is left by include-cipher-suites and exclude-cipher-suites')
  return { ciphers: ciphers.join(':') }
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` in OpenSSL; TLS 1.3's names are the same. */
export function openSslName(name: string): string {
  const java = /^(?:TLS|SSL)_(.+)_WITH_(.+)$/.exec(name)
  if (java === null) return name
  const [, exchange = '', cipher = ''] = java
  const parts = cipher
    .replace(/^(AES|ARIA|CAMELLIA)_(\d+)/, '$1$2')
    .replace('_CBC_', '_')
    .replace('3DES_EDE', 'DES_CBC3')
    .replace('CHACHA20_POLY1305_SHA256', 'CHACHA20_POLY1305')
  return (exchange === 'RSA' ? parts : `${exchange}_${parts}`).replaceAll('_', '-')
}
