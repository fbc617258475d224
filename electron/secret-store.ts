import { readFileSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SafeStorage } from 'electron'
import { z } from 'zod'
import { errorText, SluiceError, systemCode } from '../core/errors.ts'

type Keychain = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>

const fileSchema = z.record(z.string(), z.base64())
/** As an environment has them, so that a configuration can say `${NAME}`. */
const secretName = /^[A-Z][A-Z0-9_]{0,99}$/
/** An environment variable that changes what a program is or loads is no secret. */
const reserved = /^(?:PATH|HOME|NODE_.*|ELECTRON_.*|LD_.*|DYLD_.*|XDG_.*)$/

/**
 * Passwords for the agent's configuration, encrypted with a key that the system's keychain has. Where Linux has no
 * keychain the "encryption" is a constant in every Chromium, so nothing is kept there.
 */
export class SecretStore {
  readonly #file: string
  readonly #keychain: Keychain
  readonly #platform: NodeJS.Platform
  #kept: Record<string, string>

  constructor(file: string, keychain: Keychain, platform: NodeJS.Platform) {
    this.#file = file
    this.#keychain = keychain
    this.#platform = platform
    this.#kept = readKept(file)
  }

  names(): string[] {
    return Object.keys(this.#kept).sort()
  }

  /** Rejects with `SLUICE_REFUSED` where it would not be kept safely. */
  async keep(name: string, value: string): Promise<void> {
    if (!secretName.test(name) || reserved.test(name))
      throw new SluiceError(
        'SLUICE_USAGE',
        `${name} is no name for a secret: capital letters, digits and _, as in UPSTREAM_PASSWORD`,
      )
    await this.#mustBeSafe()
    const encrypted = await this.#keychain.encryptStringAsync(value)
    await this.#write({ ...this.#kept, [name]: encrypted.toString('base64') })
  }

  async forget(name: string): Promise<void> {
    const { [name]: _forgotten, ...rest } = this.#kept
    await this.#write(rest)
  }

  /** For the agent's environment. One that cannot be read any more is reported and left out. */
  async all(report: (text: string) => void): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const [name, encrypted] of Object.entries(this.#kept))
      try {
        const { result, shouldReEncrypt } = await this.#keychain.decryptStringAsync(Buffer.from(encrypted, 'base64'))
        found[name] = result
        if (shouldReEncrypt) await this.keep(name, result)
      } catch (error) {
        report(`the secret ${name} cannot be read: ${errorText(error)}. Give it again`)
      }
    return found
  }

  async #mustBeSafe(): Promise<void> {
    const basic = this.#platform === 'linux' && this.#keychain.getSelectedStorageBackend() === 'basic_text'
    if (!basic && (await this.#keychain.isAsyncEncryptionAvailable())) return
    throw new SluiceError(
      'SLUICE_REFUSED',
      'this system has no keychain that is open, so a secret could not be kept safely. Start one (GNOME Keyring, ' +
        'KWallet), or give the secret in the environment of the app',
    )
  }

  async #write(kept: Record<string, string>): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 })
    const file = await open(`${this.#file}.new`, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(kept))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${this.#file}.new`, this.#file)
    this.#kept = kept
  }
}

function readKept(file: string): Record<string, string> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {}
    throw new SluiceError('SLUICE_FILE', `the secrets in ${file} cannot be read: ${errorText(error)}`, { cause: error })
  }
}
