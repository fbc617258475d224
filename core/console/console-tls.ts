import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { errorText, SluiceError } from '../errors.ts'

export interface ConsoleTls {
  readonly key: Buffer
  /** With those that vouch for it behind it. */
  readonly cert: Buffer
  readonly certificate: X509Certificate
  readonly keyFile: string
  readonly certificateFile: string
}

/** A private key and its certificate from two PEM files. Rejects with `SLUICE_TLS`, which says what would be right. */
export async function loadConsoleTls(keyFile: string, certificateFile: string): Promise<ConsoleTls> {
  const key = await read('key', keyFile)
  const cert = await read('certificate', certificateFile)
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch (error) {
    throw tlsError(`${certificateFile} holds no certificate in PEM form`, error)
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      throw new SluiceError('SLUICE_TLS', `${keyFile} is not the key of the certificate in ${certificateFile}`)
    createSecureContext({ key, cert })
  } catch (error) {
    if (error instanceof SluiceError) throw error
    throw tlsError(`${keyFile} holds no usable key: it must be PEM and not encrypted (openssl pkey -in FILE)`, error)
  }
  return { key, cert, certificate, keyFile, certificateFile }
}

async function read(what: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw tlsError(`the console's ${what} cannot be read`, error)
  }
}

function tlsError(what: string, error: unknown): SluiceError {
  return new SluiceError('SLUICE_TLS', `${what}: ${errorText(error)}`, { cause: error })
}
