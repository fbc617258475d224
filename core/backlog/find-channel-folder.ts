import { access, constants, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { oneChannelFolder } from '../channel/file/channel-folders.ts'
import { errorText, SluiceError, systemCode } from '../errors.ts'

const refusals: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder on the machine of the agent',
  ENOTDIR: 'it is no folder',
  EACCES: "the agent's user may not read it",
  EPERM: "the agent's user may not read it",
  ELOOP: 'its links lead in a circle',
}

/** The real path of the channel's folder that `path` is or, as a data folder, holds. Throws `SLUICE_FILE`. */
export async function findChannelFolder(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new SluiceError('SLUICE_FILE', `${path} is no whole path: give one from the root on`)
  try {
    const folder = await readable(oneChannelFolder(await readable(path), 'SLUICE_FILE'))
    if (await isFile(join(folder, 'index.db'))) return folder
    throw new SluiceError('SLUICE_FILE', `${folder} is no channel's folder: it has no index.db`)
  } catch (error) {
    if (error instanceof SluiceError) throw error
    const why = refusals[systemCode(error) ?? ''] ?? errorText(error)
    throw new SluiceError('SLUICE_FILE', `${path} cannot be opened: ${why}`, { cause: error })
  }
}

async function readable(path: string): Promise<string> {
  const folder = await realpath(path)
  if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error('it is no folder'), { code: 'ENOTDIR' })
  await access(folder, constants.R_OK | constants.X_OK)
  return folder
}

/** A pipe or a device of that name would hold up who opens it. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
