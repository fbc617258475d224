import fs from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SluiceError, systemCode } from '../../errors.ts'
import { LockFile } from '../../lock-file.ts'

/** The lock on a channel's folder: the file `lock`. `owner` names its holder for the other's error message. */
export class FolderLock {
  readonly #lock: LockFile
  readonly #owner: string

  /** Throws `SLUICE_CHANNEL_LOCKED`. */
  constructor(folder: string) {
    const lock = LockFile.take(path.join(folder, 'lock'))
    if (lock === undefined) {
      const holder = lockHolder(folder)
      throw new SluiceError(
        'SLUICE_CHANNEL_LOCKED',
        `channel folder ${folder} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}: ` +
          'two channels cannot share a folder',
        { details: { folder, ...(holder === undefined ? {} : { pid: holder }) } },
      )
    }
    this.#lock = lock
    this.#owner = path.join(folder, 'owner')
    try {
      fs.writeFileSync(this.#owner, `${process.pid}\n`)
    } catch {
      // It only names the holder: on a full disk the channel must open without it, or it could never be drained.
    }
  }

  release(): void {
    fs.rmSync(this.#owner, { force: true })
    this.#lock.release()
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

/** The process that has a channel's folder open, as far as can be told without touching it; undefined: nobody. */
export async function liveHolder(folder: string): Promise<number | undefined> {
  const text = await readFile(path.join(folder, 'owner'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
