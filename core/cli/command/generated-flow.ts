import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, SluiceError } from '../../errors.ts'
import { type PropertyLine, propertiesText } from '../../config/properties-text.ts'
import { makeFolder } from './make-folder.ts'

/**
 * Writes the configuration that a command made of its arguments into the data folder, anew at each start. The command
 * then runs that very file: what a user sees there is what runs, and what `sluice agent` would run.
 */
export async function writeGeneratedFlow(
  dataDirectory: string,
  agent: string,
  lines: readonly PropertyLine[],
): Promise<string> {
  const path = join(dataDirectory, `${agent}.properties`)
  const comment = `Made by "sluice ${agent}" from its arguments, anew at each start. To change more than they can say, copy this
file, then: sluice agent -n ${agent} -f COPY --data-dir ${dataDirectory}`
  try {
    await makeFolder(dataDirectory, 0o700)
    await writeFile(path, propertiesText([{ comment }, '', ...lines]))
  } catch (error) {
    throw new SluiceError(
      'SLUICE_FILE',
      `the data folder ${dataDirectory} cannot be used: ${errorText(error)}. Give one that you may write to: --data-dir DIR`,
      { cause: error },
    )
  }
  return path
}
