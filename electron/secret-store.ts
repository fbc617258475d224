import type { SafeStorage } from 'electron'
import { errorText, SluiceError } from '../core/errors.ts'
import { SecretFile } from './secret-file.ts'
import { isSecretName } from './secret-names.ts'

type Keychain = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>

/**
 * Passwords for the agent's configuration, encrypted with a key that the system's keychain has. Where Linux has no
 * keychain the "encryption" is a constant in every Chromium, so nothing is kept there.
 */
export class SecretStore {
  readonly #file: SecretFile
  readonly #keychain: Keychain
  readonly #platform: NodeJS.Platform
  /** Those that could not be decrypted when they were last wanted. */
  #unreadable: ReadonlySet<string> = new Set()

  constructor(file: string, keychain: Keychain, platform: NodeJS.Platform) {
    this.#file = new SecretFile(file)
    this.#keychain = keychain
    this.#platform = platform
  }

  names(): string[] {
    return Object.keys(this.#file.content).sort()
  }

  isReadable(name: string): boolean {
    return !this.#unreadable.has(name)
  }

  /** What is wrong with the file of the secrets, in a sentence; empty: nothing. */
  get trouble(): string {
    return this.#file.trouble
  }

  /** The user has given again what a damaged file held. */
  settle(): void {
    this.#file.settle()
  }

  /** Why nothing can be kept safely here, in a sentence; empty: it can. */
  async unsafe(): Promise<string> {
    const basic = this.#platform === 'linux' && this.#keychain.getSelectedStorageBackend() === 'basic_text'
    if (!basic && (await this.#keychain.isAsyncEncryptionAvailable())) return ''
    return (
      'this system has no keychain that is open, so a secret could not be kept safely. Start one (GNOME Keyring, ' +
      'KWallet), or give the secret in the environment of the app'
    )
  }

  /** Rejects with `SLUICE_REFUSED` where it would not be kept safely. */
  async keep(name: string, value: string): Promise<void> {
    if (!isSecretName(name))
      throw new SluiceError(
        'SLUICE_USAGE',
        `${name} is no name for a secret: capital letters, digits and _, as in UPSTREAM_PASSWORD`,
      )
    const unsafe = await this.unsafe()
    if (unsafe !== '') throw new SluiceError('SLUICE_REFUSED', unsafe)
    const encrypted = await this.#keychain.encryptStringAsync(value)
    await this.#file.write({ ...this.#file.content, [name]: encrypted.toString('base64') })
  }

  async forget(name: string): Promise<void> {
    const { [name]: _forgotten, ...rest } = this.#file.content
    await this.#file.write(rest)
  }

  /** For the agents. One that cannot be read any more is reported and left out. */
  async all(report: (text: string) => void): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    const unreadable = new Set<string>()
    for (const [name, encrypted] of Object.entries(this.#file.content))
      try {
        const { result, shouldReEncrypt } = await this.#keychain.decryptStringAsync(Buffer.from(encrypted, 'base64'))
        found[name] = result
        if (shouldReEncrypt) await this.keep(name, result)
      } catch (error) {
        if (found[name] === undefined) unreadable.add(name)
        report(`the secret ${name} cannot be read: ${errorText(error)}. Give it again`)
      }
    this.#unreadable = unreadable
    return found
  }
}
