/** Keys and certificates from the files that Flume's SSL keys name (flume.md §3.5). Read anew with each start. */
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { SluiceError, errorText } from '../errors.ts'

export interface CredentialFiles {
  /** PEM (key and certificates in one file) or PKCS12. */
  readonly keystore?: string | undefined
  readonly keystorePassword?: string | undefined
  /** PEM: the certificates that may vouch for a peer. */
  readonly truststore?: string | undefined
}

type Credentials = Pick<SecureContextOptions, 'key' | 'cert' | 'ca' | 'pfx' | 'passphrase'>

/** Rejects with `SLUICE_TLS`, which names the file and what would be right; never a password. */
export async function loadCredentials(files: CredentialFiles): Promise<Credentials> {
  const credentials: Credentials = {}
  if (files.keystore !== undefined)
    Object.assign(credentials, await loadKeystore(files.keystore, files.keystorePassword))
  if (files.truststore !== undefined) credentials.ca = await loadTruststore(files.truststore)
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

async function loadTruststore(path: string): Promise<Buffer> {
  const bytes = await read('truststore', path)
  if (!isPem(bytes))
    throw new SluiceError(
      'SLUICE_TLS',
      `truststore ${path} is not a PEM file. Convert it once: keytool -list -rfc -keystore ${path} > ${path}.pem`,
    )
  try {
    createSecureContext({ ca: bytes })
  } catch (error) {
    throw new SluiceError('SLUICE_TLS', `truststore ${path}: ${errorText(error)}`, { cause: error })
  }
  return bytes
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
