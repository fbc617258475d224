import Database from 'better-sqlite3'
import { accessSync, closeSync, constants, existsSync, openSync, rmSync, truncateSync } from 'node:fs'
import { errorText, isSluiceError, SluiceError } from './errors.ts'
import { openDatabase } from './open-database.ts'

/**
 * A lock that one process has: an exclusive transaction on a file, which the system ends with the process, however that
 * dies, so that it is never stale. Nothing is ever written to the file.
 */
export class LockFile {
  readonly #database: Database.Database

  private constructor(database: Database.Database) {
    this.#database = database
  }

  /**
   * Takes the lock at once; undefined when another has it. Makes the file, not its folder. Throws `SLUICE_FILE` with the
   * system's reason when the file can be neither made nor written to.
   */
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
    const database = open(file)
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

function open(file: string): Database.Database {
  try {
    return openDatabase(file, { timeout: 0 })
  } catch (error) {
    const reason = isSluiceError(error) ? undefined : reasonOf(file)
    if (reason === undefined) throw error
    throw new SluiceError('SLUICE_FILE', `the lock ${file} cannot be taken: ${reason}`, { cause: error })
  }
}

/** SQLite only says that it cannot: what the system says to the same. A file that is there is not opened: closing it would end a lock on it. */
function reasonOf(file: string): string | undefined {
  try {
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK)
    else {
      closeSync(openSync(file, 'wx'))
      rmSync(file)
    }
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOSPC' ? `${errorText(error)} (or no inode for another file)` : errorText(error)
  }
}
