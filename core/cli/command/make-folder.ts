import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../../errors.ts'

/**
 * Makes a folder and those above it that are missing; rejects with the system's error. Node's own `recursive` never
 * ends where a folder is there and refuses with ENOENT what is made in it, as /proc does.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(folder, { mode })
  } catch (error) {
    const code = systemCode(error)
    if (await isFolder(folder)) return
    const above = dirname(folder)
    if (code !== 'ENOENT' || above === folder || (await isFolder(above))) throw error
    await makeFolder(above, mode)
    await mkdir(folder, { mode }).catch(async (later: unknown) => {
      if (!(await isFolder(folder))) throw later
    })
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false // The attempt to make it says why.
  }
}
