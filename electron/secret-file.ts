import { existsSync, readFileSync, renameSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { errorText, SluiceError, systemCode } from '../core/errors.ts'

const schema = z.record(z.string(), z.base64())

/** Encrypted secrets by name. */
export type EncryptedSecrets = Readonly<Record<string, string>>

/**
 * The file that encrypted secrets lie in. One that is damaged is put aside and not written over: the app goes on
 * without its secrets, and says so until the user has seen to it.
 */
export class SecretFile {
  readonly #path: string
  readonly #now: () => number
  #content: EncryptedSecrets = {}
  /** Why it may not be written: it could not be read, and what is in it must not be lost. */
  #locked = ''

  /** `now`: epoch milliseconds. */
  constructor(path: string, now: () => number = Date.now) {
    this.#path = path
    this.#now = now
    this.#read()
  }

  get content(): EncryptedSecrets {
    return this.#content
  }

  /** What is wrong, in a sentence, today or since a start before this one; empty: nothing is. */
  get trouble(): string {
    if (this.#locked !== '') return this.#locked
    return existsSync(this.#aside)
      ? `The file of the secrets was damaged, so they are gone. Give them again; the damaged file is kept as ${this.#aside}.`
      : ''
  }

  /** The user has seen to a damaged file: it stays where it is under another name, and is no trouble any more. */
  settle(): void {
    if (existsSync(this.#aside)) renameSync(this.#aside, this.#dated())
  }

  /** Whole or not at all. Rejects with `SLUICE_FILE` where the present file could not be read. */
  async write(content: EncryptedSecrets): Promise<void> {
    if (this.#locked !== '') throw new SluiceError('SLUICE_FILE', this.#locked)
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const file = await open(`${this.#path}.new`, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(content))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${this.#path}.new`, this.#path)
    this.#content = content
  }

  get #aside(): string {
    return `${this.#path}.damaged`
  }

  #dated(): string {
    return `${this.#aside}-${new Date(this.#now()).toISOString().replaceAll(':', '')}`
  }

  #read(): void {
    let text: string
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      this.#locked = `The file of the secrets cannot be read, and none is given to the agents: ${errorText(error)}. Put that right and start Sluice again.`
      return
    }
    try {
      this.#content = schema.parse(JSON.parse(text))
    } catch {
      // The reason is of no use to anybody and may quote what is in the file.
      this.#putAside()
    }
  }

  #putAside(): void {
    try {
      this.settle()
      renameSync(this.#path, this.#aside)
    } catch (error) {
      this.#locked = `The file of the secrets is damaged and cannot be put aside: ${errorText(error)}. Move ${this.#path} away and start Sluice again.`
    }
  }
}
