import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const storePassword = 'change-me'

export interface KeyStores {
  readonly keyStore: string
  readonly trustStore: string
  readonly certificate: string
}

/** Makes a server key for 127.0.0.1 and localhost, and stores that trust it, in the forms both sides read. */
export async function makeKeyStores(directory: string): Promise<KeyStores> {
  const keyStore = join(directory, 'server.p12')
  const trustStore = join(directory, 'trust.p12')
  const certificate = join(directory, 'server.pem')
  const store = ['-storepass', storePassword, '-storetype', 'PKCS12', '-noprompt']
  await run('keytool', [
    ...['-genkeypair', '-alias', 'server', '-keyalg', 'RSA', '-keysize', '2048', '-validity', '30'],
    ...['-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-keystore', keyStore, ...store],
  ])
  await run('keytool', [
    '-exportcert',
    '-rfc',
    '-alias',
    'server',
    '-file',
    certificate,
    '-keystore',
    keyStore,
    ...store,
  ])
  await run('keytool', ['-importcert', '-alias', 'server', '-file', certificate, '-keystore', trustStore, ...store])
  return { keyStore, trustStore, certificate }
}
