import { access } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** Where a configuration file is: as given, or in the `--conf` folder when there is none here (flume-ng looks in both). */
export async function findConfigFile(
  file: string,
  conf: string | undefined,
  workingDirectory: string,
): Promise<string> {
  const here = resolve(workingDirectory, file)
  if (conf === undefined || isAbsolute(file) || (await exists(here))) return here
  const there = resolve(workingDirectory, conf, file)
  return (await exists(there)) ? there : here
}
