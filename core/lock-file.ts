import Database from 'better-sqlite3'
import { truncateSync } from 'node:fs'

/**
 * A lock that one process has: an exclusive transaction on a file, which the system ends with the process, however that
 * dies, so that it is never stale. Nothing is ever written to the file.
 */
export class LockFile {
  readonly #database: Database.Database

  private constructor(database: Database.Database) {
    this.#database = database
  }

  /** Takes the lock at once; undefined when another has it. Makes the file, not its folder. */
  static take(file: string): LockFile | undefined {
    try {
      return LockFile.#take(file)
    } catch (error) {
      // Something else has written to it. Who has got as far as its bytes has seen that nobody holds it.
      if (!(error instanceof Database.SqliteError) || !/^SQLITE_(NOTADB|CORRUPT)/.test(error.code)) throw error
      truncateSync(file)
      return LockFile.#take(file)
    }
  }

  static #take(file: string): LockFile | undefined {
    const database = new Database(file, { timeout: 0 })
    try {
      database.pragma('journal_mode=MEMORY')
      database.exec('begin exclusive')
      return new LockFile(database)
    } catch (error) {
      database.close()
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
      throw error
    }
  }

  release(): void {
    this.#database.close()
  }
}
