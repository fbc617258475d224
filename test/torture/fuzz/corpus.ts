import fs from 'node:fs'
import path from 'node:path'

const folder = path.join(import.meta.dirname, 'corpus')

export interface CorpusInput {
  readonly name: string
  readonly bytes: Buffer
}

/**
 * The kept inputs of a fuzz suite: those that mutations start from, and `found-*`, those that something failed on once.
 * All of them are tried first, in every run.
 */
export class Corpus {
  readonly #folder: string
  readonly inputs: readonly CorpusInput[]

  constructor(suite: string) {
    this.#folder = path.join(folder, suite)
    const names = fs.existsSync(this.#folder) ? fs.readdirSync(this.#folder).sort() : []
    this.inputs = names.map((name) => ({ name, bytes: fs.readFileSync(path.join(this.#folder, name)) }))
  }

  /** Where an input that something fails on is kept. */
  pathOf(seed: number): string {
    return path.join(this.#folder, `found-${seed}`)
  }

  /** Keeps it for every later run; returns its path. */
  keep(seed: number, bytes: Buffer): string {
    fs.mkdirSync(this.#folder, { recursive: true })
    fs.writeFileSync(this.pathOf(seed), bytes)
    return this.pathOf(seed)
  }
}
