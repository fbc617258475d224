/**
 * Flume's SSL settings for all components (flume.md §3.5): Java's system properties, as `-D` sets them, and the environment.
 * A component with `ssl = true` takes from there what it does not say itself.
 */
import type { ComponentKind } from '../component/definition.ts'
import type { DeclaredKey } from '../component/settings-shape.ts'
import type { ComponentSection } from './agent-section.ts'
import type { ConfigEntry } from './entry.ts'

interface GlobalSetting {
  readonly key: string
  readonly property: string
  readonly variable: string
  /** Separated by commas; the components' own lists are separated by blanks. */
  readonly list?: boolean
  /** Flume's old name of the key. */
  readonly old?: string
}

const settings: readonly GlobalSetting[] = [
  { key: 'keystore', property: 'javax.net.ssl.keyStore', variable: 'FLUME_SSL_KEYSTORE_PATH' },
  {
    key: 'keystore-password',
    property: 'javax.net.ssl.keyStorePassword',
    variable: 'FLUME_SSL_KEYSTORE_PASSWORD',
    old: 'keystorePassword',
  },
  { key: 'keystore-type', property: 'javax.net.ssl.keyStoreType', variable: 'FLUME_SSL_KEYSTORE_TYPE' },
  { key: 'truststore', property: 'javax.net.ssl.trustStore', variable: 'FLUME_SSL_TRUSTSTORE_PATH' },
  {
    key: 'truststore-password',
    property: 'javax.net.ssl.trustStorePassword',
    variable: 'FLUME_SSL_TRUSTSTORE_PASSWORD',
  },
  { key: 'truststore-type', property: 'javax.net.ssl.trustStoreType', variable: 'FLUME_SSL_TRUSTSTORE_TYPE' },
  ...(['include', 'exclude'] as const).flatMap((verb) => [
    {
      key: `${verb}-protocols`,
      property: `flume.ssl.${verb}.protocols`,
      variable: `FLUME_SSL_${verb.toUpperCase()}_PROTOCOLS`,
      list: true,
    },
    {
      key: `${verb}-cipher-suites`,
      property: `flume.ssl.${verb}.cipherSuites`,
      variable: `FLUME_SSL_${verb.toUpperCase()}_CIPHERSUITES`,
      list: true,
    },
  ]),
]

export interface GlobalTlsSources {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly properties: Readonly<Record<string, string | undefined>>
}

/**
 * The entries that a component takes from the global settings: it has `ssl = true`, declares the key and does not have it.
 * They stand at the place of its `ssl`, and say where they came from.
 */
export function globalTlsEntries(
  kind: ComponentKind,
  section: ComponentSection,
  declared: readonly DeclaredKey[],
  sources: GlobalTlsSources,
): Map<string, ConfigEntry> {
  const entries = new Map<string, ConfigEntry>()
  const isTrue = (key: string) => /^true$/i.test(section.entries.get(key)?.value ?? '')
  const ssl = ['ssl', 'enableSSL'].map((key) => section.entries.get(key)).find((entry) => entry !== undefined)
  if (ssl === undefined || !(isTrue('ssl') || isTrue('enableSSL'))) return entries
  for (const setting of settings) {
    const { key, old } = setting
    if (!declared.some((one) => !one.group && one.key === key) || !isUsed(key, kind, isTrue)) continue
    if (section.entries.has(key) || (old !== undefined && section.entries.has(old))) continue
    const found = lookUp(setting, sources)
    if (found === undefined) continue
    const { keyAt, valueAt } = ssl
    const value =
      setting.list === true
        ? found.value
            .split(/[\s,]+/)
            .join(' ')
            .trim()
        : found.value
    entries.set(key, { key: `${section.path}.${key}`, value, keyAt, valueAt, origin: found.origin })
  }
  return entries
}

/** Tells the component where values came from, for the errors that a store makes when it is opened (`TlsSettings`). */
export function withTlsOrigins(settings: unknown, { entries }: ComponentSection): unknown {
  const tlsOrigins: Record<string, string> = {}
  for (const [key, { origin }] of entries) if (origin !== undefined) tlsOrigins[key] = origin
  const plain =
    typeof settings === 'object' && settings !== null && Object.getPrototypeOf(settings) === Object.prototype
  return plain && Object.keys(tlsOrigins).length > 0 ? { ...settings, tlsOrigins } : settings
}

/** As Flume: who listens has a key store, who connects a trust store. What is only ours asks for the rest. */
function isUsed(key: string, kind: ComponentKind, isTrue: (key: string) => boolean): boolean {
  if (key.startsWith('keystore')) return kind === 'source'
  if (!key.startsWith('truststore')) return true
  return kind === 'source' ? isTrue('client-auth') : !isTrue('trust-all-certs')
}

function lookUp({ property, variable }: GlobalSetting, { properties, environment }: GlobalTlsSources) {
  const own = (record: Readonly<Record<string, string | undefined>>, name: string) =>
    Object.hasOwn(record, name) ? (record[name]?.trim() ?? '') : ''
  const set = own(properties, property)
  if (set !== '') return { value: set, origin: `-D${property}` }
  const value = own(environment, variable)
  return value === '' ? undefined : { value, origin: `the environment variable ${variable}` }
}
