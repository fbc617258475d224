/** Trust stores in PKCS12, as OpenSSL makes them; test/interop has one of Java's. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pkcs12Certificates } from '../../core/rpc/pkcs12-certificates.ts'
import { loadCredentials } from '../../core/rpc/tls-credentials.ts'
import { hasOpenssl, makeAuthority } from './certificates.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-pkcs12-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string) => join(folder, name)
const bare = (pem: string) => pem.replace(/\s/g, '')

describe.skipIf(!hasOpenssl())('a trust store in PKCS12', () => {
  beforeAll(() => {
    makeAuthority(folder, 'one')
    makeAuthority(folder, 'two')
    writeFileSync(file('both.pem'), ['one', 'two'].map((name) => readFileSync(file(`${name}.pem`), 'utf8')).join(''))
  })

  const store = (name: string, password: string, ...options: string[]): string => {
    const from = ['-export', '-nokeys', '-in', 'both.pem', '-out', name, '-passout', `pass:${password}`]
    execFileSync('openssl', ['pkcs12', ...from, ...options], { cwd: folder, stdio: 'pipe' })
    return file(name)
  }

  test.each([
    ['AES-256, SHA-256', 'größe €', []],
    ['AES-128, SHA-512', 'changeit', ['-certpbe', 'AES-128-CBC', '-macalg', 'sha512']],
    ['triple DES, SHA-1', 'changeit', ['-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['open, with a checksum', 'changeit', ['-certpbe', 'NONE']],
    ['without a checksum', 'changeit', ['-certpbe', 'AES-256-CBC', '-nomac']],
    ['an empty password', '', []],
  ])('%s: its certificates, in their order', async (_, password, options) => {
    const path = store('store.p12', password, ...options)
    const { ca } = await loadCredentials({ truststore: path, truststorePassword: password })
    expect((ca as string[]).map(bare)).toEqual(
      ['one', 'two'].map((one) => bare(readFileSync(file(`${one}.pem`), 'utf8'))),
    )
    if (options.includes('-nomac')) return
    await expect(loadCredentials({ truststore: path, truststorePassword: 'secret-wrong' })).rejects.toThrow(
      /store\.p12: the password does not open it \(truststore-password\)$/,
    )
  })

  test('damaged anywhere, it is refused or what it was; never another error', () => {
    const bytes = readFileSync(store('whole.p12', 'changeit', '-certpbe', 'NONE'))
    const whole = pkcs12Certificates(bytes, 'changeit')
    // A checksum of many rounds for each of two thousand bytes takes long: some of them.
    for (let at = 0; at < bytes.length; at += 41) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0x15
      for (const one of [damaged, bytes.subarray(0, at)])
        try {
          expect(pkcs12Certificates(one, 'changeit')).toEqual(whole)
        } catch (error) {
          expect(error).toMatchObject({ code: 'SLUICE_TLS' })
        }
    }
  })

  test('another format is named, with what to do', async () => {
    writeFileSync(file('text'), 'hello')
    await expect(loadCredentials({ truststore: file('text') })).rejects.toThrow(/neither PEM nor PKCS12.*keytool/)
    writeFileSync(file('old.jks'), Buffer.from('feedfeed00000002', 'hex'))
    await expect(loadCredentials({ truststore: file('old.jks') })).rejects.toThrow(/Java keystore \(JKS\).*keytool/)
  })
})
