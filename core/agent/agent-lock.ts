import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../errors.ts'
import { LockFile } from '../lock-file.ts'

/** One agent a data folder: a lock on `agent.lock`. `agent.pid` only names the holder in the other's error. */
export class AgentLock {
  readonly #lock: LockFile
  readonly #pidFile: string

  /** Makes the folder (mode 0700) where it is missing. Throws `SLUICE_AGENT_RUNNING`. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#pidFile = join(folder, 'agent.pid')
    const lock = LockFile.take(join(folder, 'agent.lock'))
    if (lock === undefined) {
      const pid = readPid(this.#pidFile)
      throw new SluiceError(
        'SLUICE_AGENT_RUNNING',
        `an agent runs in ${folder} already${pid === undefined ? '' : ` (process ${pid})`}: stop it, or give --data-dir`,
        { details: { folder, ...(pid === undefined ? {} : { pid }) } },
      )
    }
    this.#lock = lock
    try {
      writeFileSync(this.#pidFile, `${process.pid}\n`, { mode: 0o600 })
    } catch {
      // It only names the holder: on a full disk the agent must start without it, or the disk would stay full.
    }
  }

  release(): void {
    rmSync(this.#pidFile, { force: true })
    this.#lock.release()
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
