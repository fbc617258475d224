import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { dialog } from 'electron'
import { errorText, SluiceError } from '../core/errors.ts'

/** A name that no system can take for a path, a device or a stream. */
const fileName = /^\w[\w .+@=,-]{0,199}$/

/** Asks where to save a finished export and copies it there; undefined when the user did not say. Rejects with `SLUICE_FILE`. */
export async function saveExport(
  agents: readonly { readonly name: string; readonly exports: string }[],
  agent: string,
  file: string,
): Promise<string | undefined> {
  const folder = agents.find(({ name }) => name === agent)?.exports
  if (folder === undefined) throw new SluiceError('SLUICE_CONTROL', `there is no agent ${agent}`)
  if (!fileName.test(file)) throw new SluiceError('SLUICE_CONTROL', `${file} is no name of an export`)
  const { canceled, filePath } = await dialog.showSaveDialog({ title: 'Save the export', defaultPath: file })
  if (canceled || filePath === '') return undefined
  // What is already there stays whole until all of the new file is.
  const part = `${filePath}.part`
  try {
    await copyFile(join(folder, file), part)
    await rename(part, filePath)
    return filePath
  } catch (error) {
    await rm(part, { force: true })
    throw new SluiceError('SLUICE_FILE', `the export cannot be saved as ${filePath}: ${errorText(error)}`, {
      cause: error,
    })
  }
}
