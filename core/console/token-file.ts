import { randomBytes } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { errorText, SluiceError, systemCode } from '../errors.ts'
import type { Log } from '../log.ts'

/** The first line of a file that an operator wrote. Rejects with `SLUICE_FILE`. */
export async function readTokenFile(path: string, log: Log): Promise<string> {
  try {
    const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/)
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o004) !== 0)
      log.warn({ file: path }, `everybody on this machine can read the console's token: chmod 600 ${path}`)
    return line.trim()
  } catch (error) {
    throw new SluiceError(
      'SLUICE_FILE',
      `the console's token file cannot be read: ${errorText(error)}. Write the token into it: openssl rand -base64 24 > ${path}`,
      { cause: error },
    )
  }
}

/**
 * The token that Sluice itself keeps in a data folder, whose lock the caller holds: the same from start to start, so
 * that an address in a browser's history stays good. Delete the file to have another one.
 */
export async function ownToken(path: string, log: Log): Promise<string> {
  try {
    const token = await readTokenFile(path, log)
    if (token !== '') return token
  } catch (error) {
    if (systemCode((error as Error).cause) !== 'ENOENT') throw error
  }
  const token = randomBytes(32).toString('base64url')
  const fresh = `${path}.new`
  try {
    const file = await open(fresh, 'w', 0o600)
    try {
      await file.chmod(0o600)
      await file.writeFile(`${token}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    throw new SluiceError('SLUICE_FILE', `the console's token cannot be kept in ${path}: ${errorText(error)}`, {
      cause: error,
    })
  }
  return token
}
