import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { errorText, SluiceError, systemCode } from '../errors.ts'

/** So many are kept; the oldest go first. */
const mostVersions = 50

export const versionOrigins = ['start', 'applied', 'rolled back', 'file changed'] as const
export type VersionOrigin = (typeof versionOrigins)[number]

export interface FileText {
  readonly path: string
  readonly text: string
}

const storedVersion = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  by: z.string(),
  how: z.enum(versionOrigins),
  files: z.array(z.object({ path: z.string(), text: z.string() })),
})
type StoredVersion = z.infer<typeof storedVersion>

/** One configuration that ran. */
export interface ConfigVersion {
  readonly id: number
  readonly at: number
  /** Who applied it, as the caller said; empty: nobody said. */
  readonly by: string
  readonly how: VersionOrigin
  /** Their paths. */
  readonly files: readonly string[]
  /** It is the last one that was applied. */
  readonly current: boolean
}

/**
 * The texts of the configurations that ran, one file each in a folder of the agent, for its user only: they may hold
 * passwords. The newest is what runs.
 */
export class ConfigVersions {
  readonly #folder: string
  readonly #clock: Clock
  #turn: Promise<unknown> = Promise.resolve()

  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Keeps a configuration that has just been applied; the same as the last one is not kept twice. */
  record(files: readonly FileText[], how: VersionOrigin, by = ''): Promise<void> {
    const done = this.#turn.then(() => this.#record(files, how, by))
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** The newest first. What cannot be read of them is left out. */
  async list(): Promise<ConfigVersion[]> {
    const ids = await this.#ids()
    const versions: ConfigVersion[] = []
    for (const id of ids.toReversed()) {
      const stored = await this.#read(id).catch(() => undefined)
      if (stored === undefined) continue
      const { at, by, how, files } = stored
      versions.push({ ...{ id, at, by, how }, files: files.map(({ path }) => path), current: id === ids.at(-1) })
    }
    return versions
  }

  /** Rejects with `SLUICE_CONTROL` when there is none of this number. */
  async files(id: number): Promise<FileText[]> {
    return (await this.#read(id)).files
  }

  async #record(files: readonly FileText[], how: VersionOrigin, by: string): Promise<void> {
    const ids = await this.#ids()
    const last = ids.at(-1)
    const before = last === undefined ? undefined : await this.#read(last).catch(() => undefined)
    if (before !== undefined && JSON.stringify(before.files) === JSON.stringify(files)) return
    const version: StoredVersion = { at: this.#clock.now(), by, how, files: [...files] }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const fresh = join(this.#folder, `.${randomUUID()}`)
    try {
      const file = await open(fresh, 'wx', 0o600)
      try {
        await file.writeFile(JSON.stringify(version))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(fresh, this.#path((last ?? 0) + 1))
    } catch (error) {
      await rm(fresh, { force: true })
      throw error
    }
    for (const id of ids.slice(0, Math.max(0, ids.length + 1 - mostVersions))) await rm(this.#path(id), { force: true })
  }

  async #read(id: number): Promise<StoredVersion> {
    try {
      return storedVersion.parse(JSON.parse(await readFile(this.#path(id), 'utf8')))
    } catch (error) {
      if (systemCode(error) === 'ENOENT')
        throw new SluiceError('SLUICE_CONTROL', `there is no configuration ${id}: it is gone or never was`)
      throw new SluiceError('SLUICE_FILE', `configuration ${id} cannot be read: ${errorText(error)}`, { cause: error })
    }
  }

  /** Ascending. */
  async #ids(): Promise<number[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    })
    return names.flatMap((name) => (/^\d+\.json$/.test(name) ? Number(name.slice(0, -5)) : [])).sort((a, b) => a - b)
  }

  #path(id: number): string {
    return join(this.#folder, `${String(id).padStart(8, '0')}.json`)
  }
}
