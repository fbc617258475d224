/** Certificates for tests, made with the openssl command line; they live as long as the folder. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export const storePassword = 'changeit'

/** `<name>.pem`: key and certificate for `names` (as in `DNS:localhost`), signed by `ca.pem` of the same folder. */
export function makeCertificate(directory: string, name: string, names: string): void {
  const file = (ending: string) => join(directory, `${name}${ending}`)
  const run = (...parameters: string[]) => execFileSync('openssl', parameters, { cwd: directory, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('.key')]
  run('req', ...key, '-subj', `/CN=${name}`, '-out', file('.csr'))
  writeFileSync(file('.ext'), `subjectAltName=${names}\n`)
  const by = ['-CA', join(directory, 'ca.pem'), '-CAkey', join(directory, 'ca.key'), '-CAcreateserial']
  run('x509', '-req', '-in', file('.csr'), ...by, '-days', '2', '-extfile', file('.ext'), '-out', file('.crt'))
  writeFileSync(file('.pem'), readFileSync(file('.key'), 'utf8') + readFileSync(file('.crt'), 'utf8'))
}

/** `<name>.p12`: the same as PKCS12, with `storePassword`. */
export function makePkcs12(directory: string, name: string): void {
  const parameters = ['-inkey', `${name}.key`, '-in', `${name}.crt`, '-out', `${name}.p12`]
  execFileSync('openssl', ['pkcs12', '-export', ...parameters, '-passout', `pass:${storePassword}`], {
    cwd: directory,
    stdio: 'pipe',
  })
}

/** `<name>.pem` and `<name>.key`: an authority of its own. */
export function makeAuthority(directory: string, name = 'ca'): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`]
  execFileSync('openssl', ['req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', `${name}.pem`], {
    cwd: directory,
    stdio: 'pipe',
  })
}
