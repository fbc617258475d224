import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { SluiceError } from '../../errors.ts'

/**
 * The lock on a channel's folder: an exclusive transaction on the file `lock`, held as long as the process lives. The
 * system lets go of it when the process dies, however it dies, so it is never stale. `owner` names the holder for the
 * other's error message.
 */
export class FolderLock {
  readonly #database: Database.Database
  readonly #owner: string

  /** Throws `SLUICE_CHANNEL_LOCKED`. */
  constructor(folder: string) {
    this.#owner = path.join(folder, 'owner')
    this.#database = new Database(path.join(folder, 'lock'), { timeout: 0 })
    try {
      this.#database.pragma('journal_mode=MEMORY')
      this.#database.exec('begin exclusive')
    } catch (error) {
      this.#database.close()
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error
      const holder = lockHolder(folder)
      throw new SluiceError(
        'SLUICE_CHANNEL_LOCKED',
        `channel folder ${folder} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}: ` +
          'two channels cannot share a folder',
        { details: { folder, ...(holder === undefined ? {} : { pid: holder }) } },
      )
    }
    fs.writeFileSync(this.#owner, `${process.pid}\n`)
  }

  release(): void {
    fs.rmSync(this.#owner, { force: true })
    this.#database.close()
  }
}

/** The process that says it holds the lock; it may have died since. */
export function lockHolder(folder: string): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(path.join(folder, 'owner'), 'utf8'), 10)
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
