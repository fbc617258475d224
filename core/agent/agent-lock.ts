import Database from 'better-sqlite3'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../errors.ts'

/**
 * One agent a data folder: an exclusive transaction on `agent.lock`, which the system ends with the process, however
 * that dies. `agent.pid` only names the holder in the other's error.
 */
export class AgentLock {
  readonly #database: Database.Database
  readonly #pidFile: string

  /** Makes the folder (mode 0700) where it is missing. Throws `SLUICE_AGENT_RUNNING`. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#pidFile = join(folder, 'agent.pid')
    this.#database = new Database(join(folder, 'agent.lock'), { timeout: 0 })
    try {
      this.#database.pragma('journal_mode=MEMORY')
      this.#database.exec('begin exclusive')
    } catch (error) {
      this.#database.close()
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error
      const pid = readPid(this.#pidFile)
      throw new SluiceError(
        'SLUICE_AGENT_RUNNING',
        `an agent runs in ${folder} already${pid === undefined ? '' : ` (process ${pid})`}: stop it, or give --data-dir`,
        { details: { folder, ...(pid === undefined ? {} : { pid }) } },
      )
    }
    writeFileSync(this.#pidFile, `${process.pid}\n`, { mode: 0o600 })
  }

  release(): void {
    rmSync(this.#pidFile, { force: true })
    this.#database.close()
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isInteger(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
