import { describe, expect, test } from 'vitest'
import { builtinRegistry } from '../../../core/component/builtin.ts'
import { tlsContext } from '../../../core/rpc/tls-context.ts'
import { loadConfig, type LoadOptions } from '../../../core/config/load.ts'

const flow = (more = '') => `a1.sources = r1 h1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = avro
a1.sources.r1.channels = c1
a1.sources.r1.bind = localhost
a1.sources.r1.port = 1
a1.sources.r1.ssl = true
a1.sources.h1.type = http
a1.sources.h1.channels = c1
a1.sources.h1.port = 2
a1.sources.h1.enableSSL = true
a1.channels.c1.type = memory
a1.sinks.k1.type = avro
a1.sinks.k1.channel = c1
a1.sinks.k1.hostname = localhost
a1.sinks.k1.port = 3
a1.sinks.k1.ssl = true
${more}`

const loaded = { agent: 'a1', registry: builtinRegistry(), baseDirectory: '/nowhere' }

const load = (options: Pick<LoadOptions, 'environment' | 'properties'>, more = '') =>
  loadConfig({
    files: [{ path: 'flow.properties', text: flow(more) }],
    ...loaded,
    ...options,
  })

async function settings(options: Pick<LoadOptions, 'environment' | 'properties'>, more = '') {
  const { config, findings } = await load(options, more)
  expect(findings).toEqual([])
  const of = (components: readonly { name: string; settings: unknown }[] | undefined, name: string) =>
    components?.find((one) => one.name === name)?.settings as Record<string, unknown>
  return { r1: of(config?.sources, 'r1'), h1: of(config?.sources, 'h1'), k1: of(config?.sinks, 'k1'), config }
}

const environment = {
  FLUME_SSL_KEYSTORE_PATH: '/etc/env.p12',
  FLUME_SSL_KEYSTORE_PASSWORD: 'env-secret',
  FLUME_SSL_KEYSTORE_TYPE: 'PKCS12',
  FLUME_SSL_TRUSTSTORE_PATH: '/etc/env-trust.pem',
  FLUME_SSL_TRUSTSTORE_PASSWORD: 'env-trust-secret',
  FLUME_SSL_INCLUDE_PROTOCOLS: 'TLSv1.2, TLSv1.3',
  FLUME_SSL_EXCLUDE_PROTOCOLS: 'TLSv1,TLSv1.1',
  FLUME_SSL_INCLUDE_CIPHERSUITES: 'TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  FLUME_SSL_EXCLUDE_CIPHERSUITES: 'TLS_AES_256_GCM_SHA384',
}

const properties = {
  'javax.net.ssl.keyStore': '/etc/property.p12',
  'javax.net.ssl.keyStorePassword': 'property-secret',
  'javax.net.ssl.trustStore': '/etc/property-trust.pem',
  'flume.ssl.include.protocols': 'TLSv1.3',
  'flume.ssl.exclude.cipherSuites': 'TLS_CHACHA20_POLY1305_SHA256',
}

describe('global settings for TLS', () => {
  test('the environment gives what components with ssl = true do not have', async () => {
    const { r1, h1, k1 } = await settings({ environment })
    const both = {
      'include-protocols': ['TLSv1.2', 'TLSv1.3'],
      'exclude-protocols': ['TLSv1', 'TLSv1.1'],
      'include-cipher-suites': ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      'exclude-cipher-suites': ['TLS_AES_256_GCM_SHA384'],
    }
    const server = { keystore: '/etc/env.p12', 'keystore-password': 'env-secret', 'keystore-type': 'PKCS12', ...both }
    expect(r1).toMatchObject(server)
    expect(h1).toMatchObject(server)
    expect(k1).toMatchObject({ truststore: '/etc/env-trust.pem', 'truststore-password': 'env-trust-secret', ...both })
  })

  test('who listens has no trust store unless it asks for certificates, and who connects no key store', async () => {
    const { r1, k1 } = await settings({ environment })
    expect(r1['truststore']).toBeUndefined()
    expect(k1['keystore']).toBeUndefined()
    const { r1: asking, k1: trusting } = await settings(
      { environment },
      'a1.sources.r1.client-auth = true\na1.sinks.k1.trust-all-certs = true',
    )
    expect(asking['truststore']).toBe('/etc/env-trust.pem')
    expect(trusting['truststore']).toBeUndefined()
  })

  test('-D goes before the environment, and a component’s own value before both', async () => {
    const own = 'a1.sources.h1.keystore = /etc/own.pem\na1.sources.h1.keystorePassword = own-secret'
    const { r1, h1, k1 } = await settings({ environment, properties }, own)
    expect(r1).toMatchObject({
      keystore: '/etc/property.p12',
      'keystore-password': 'property-secret',
      'keystore-type': 'PKCS12',
      'include-protocols': ['TLSv1.3'],
      'exclude-cipher-suites': ['TLS_CHACHA20_POLY1305_SHA256'],
    })
    expect(h1).toMatchObject({ keystore: '/etc/own.pem', keystorePassword: 'own-secret' })
    expect(h1['keystore-password']).toBeUndefined()
    expect(k1).toMatchObject({ truststore: '/etc/property-trust.pem' })
  })

  test('without ssl = true nothing is taken, and JAVA_OPTS is not read', async () => {
    const text = flow().replace(/^.*ssl = true\n/gim, '')
    const { config } = await loadConfig({ ...loaded, files: [{ path: 'flow.properties', text }], environment })
    expect(JSON.stringify(config)).not.toContain('/etc/')
    const { findings } = await load({ environment: { JAVA_OPTS: '-Djavax.net.ssl.keyStore=/etc/a.p12' } })
    expect(findings.map(({ key, message }) => `${key} ${message}`)).toEqual([
      'a1.sources.r1.keystore keystore is missing: source r1 needs it',
      'a1.sources.h1.keystore keystore is missing: source h1 needs it',
    ])
    expect(findings[0]?.hint).toContain('FLUME_SSL_KEYSTORE_PATH')
  })

  test('a store that cannot be used says where its name came from', async () => {
    const { r1, k1 } = await settings({ environment, properties })
    await expect(tlsContext(r1, '/')).rejects.toThrow(
      /^keystore \/etc\/property\.p12 cannot be read: .* \(keystore comes from -Djavax\.net\.ssl\.keyStore\)$/,
    )
    const { r1: versions } = await settings({ environment: { ...environment, FLUME_SSL_INCLUDE_PROTOCOLS: 'SSLv3' } })
    await expect(tlsContext({ ...versions, keystore: undefined }, '/')).rejects.toThrow(
      /allow TLSv1\.2.*include-protocols comes from the environment variable FLUME_SSL_INCLUDE_PROTOCOLS/,
    )
    await expect(tlsContext({ ...k1, truststore: '/own.pem', tlsOrigins: {} }, '/')).rejects.toThrow(/ENOENT[^(]*$/)
  })

  test('they are no part of what the file says: a reload compares nothing of them', async () => {
    const { config } = await settings({ environment, properties })
    expect(JSON.stringify(config?.sources.map(({ raw }) => raw))).not.toContain('/etc/')
  })

  test('a finding says where a value came from, and never a password', async () => {
    const wrong = { ...environment, FLUME_SSL_KEYSTORE_TYPE: 'BCFKS' }
    const result = await load({ environment: wrong, properties: {} })
    expect(result.findings.map(({ line, key, message }) => `${line} ${key} ${message}`)).toEqual([
      '8 a1.sources.r1.keystore-type "BCFKS" cannot be used (the value comes from the environment variable FLUME_SSL_KEYSTORE_TYPE)',
      '12 a1.sources.h1.keystore-type "BCFKS" cannot be used (the value comes from the environment variable FLUME_SSL_KEYSTORE_TYPE)',
    ])
    const swapped = await load({ environment: { ...environment, FLUME_SSL_KEYSTORE_TYPE: 'env-secret' } })
    expect(JSON.stringify(swapped.findings)).not.toContain('env-secret')
    expect(swapped.masked('it is env-secret')).toBe('it is ***')
  })
})
