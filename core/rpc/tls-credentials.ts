/** Keys and certificates from the files that Flume's SSL keys name (flume.md §3.5). Read anew with each start. */
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { SluiceError, errorText } from '../errors.ts'
import { pkcs12Certificates } from './pkcs12-certificates.ts'

export interface CredentialFiles {
  /** PEM (key and certificates in one file) or PKCS12. */
  readonly keystore?: string | undefined
  readonly keystorePassword?: string | undefined
  /** PEM or PKCS12: the certificates that may vouch for a peer. */
  readonly truststore?: string | undefined
  readonly truststorePassword?: string | undefined
}

type Credentials = Pick<SecureContextOptions, 'key' | 'cert' | 'ca' | 'pfx' | 'passphrase'>

/** Rejects with `SLUICE_TLS`, which names the file and what would be right; never a password. */
export async function loadCredentials(files: CredentialFiles): Promise<Credentials> {
  const credentials: Credentials = {}
  if (files.keystore !== undefined)
    Object.assign(credentials, await loadKeystore(files.keystore, files.keystorePassword))
  if (files.truststore !== undefined) credentials.ca = await loadTruststore(files.truststore, files.truststorePassword)
  return credentials
}

async function loadKeystore(path: string, password: string | undefined): Promise<Credentials> {
  const bytes = await read('keystore', path)
  const passphrase = password === undefined ? {} : { passphrase: password }
  if (javaStore(bytes))
    throw new SluiceError(
      'SLUICE_TLS',
      `keystore ${path} is a Java keystore (JKS), which only Java reads. Convert it once: keytool -importkeystore ` +
        `-srckeystore ${path} -destkeystore ${path}.p12 -deststoretype PKCS12`,
    )
  const credentials: Credentials = isPem(bytes)
    ? { key: bytes, cert: bytes, ...passphrase }
    : { pfx: bytes, ...passphrase }
  try {
    createSecureContext(credentials)
  } catch (error) {
    throw new SluiceError('SLUICE_TLS', `keystore ${path}: ${keystoreReason(errorText(error), path)}`, { cause: error })
  }
  return credentials
}

async function loadTruststore(path: string, password: string | undefined): Promise<string[]> {
  const bytes = await read('truststore', path)
  const convert = `Convert it once: keytool -list -rfc -keystore ${path} > ${path}.pem`
  if (javaStore(bytes))
    throw new SluiceError(
      'SLUICE_TLS',
      `truststore ${path} is a Java keystore (JKS), which only Java reads. ${convert}`,
    )
  try {
    const certificates = isPem(bytes) ? [bytes.toString('latin1')] : pkcs12Certificates(bytes, password ?? '')
    if (certificates.length === 0) throw new SluiceError('SLUICE_TLS', 'there is no certificate in it')
    createSecureContext({ ca: certificates })
    return certificates
  } catch (error) {
    const reason = errorText(error)
    const hint = /password/.test(reason) ? ' (truststore-password)' : isPem(bytes) ? '' : `. ${convert}`
    throw new SluiceError('SLUICE_TLS', `truststore ${path}: ${reason}${hint}`, { cause: error })
  }
}

async function read(what: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new SluiceError('SLUICE_TLS', `${what} ${path} cannot be read: ${errorText(error)}`, { cause: error })
  }
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes('-----BEGIN ')
}

/** The magic numbers of JKS and JCEKS. */
function javaStore(bytes: Buffer): boolean {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0)
  return magic === 0xfeedfeed || magic === 0xcececece
}

function keystoreReason(reason: string, path: string): string {
  if (/mac verify failure|bad decrypt|bad password|password/i.test(reason))
    return `the password does not open it (keystore-password): ${reason}`
  if (/unsupported/i.test(reason))
    return (
      'it is encrypted in an old way that is no longer safe. Convert it once: ' +
      `openssl pkcs12 -legacy -in ${path} -nodes -out ${path}.pem`
    )
  if (/no start line|not enough data|no certificate|key values mismatch/i.test(reason))
    return `it must hold a private key and its certificate: ${reason}`
  return reason
}
