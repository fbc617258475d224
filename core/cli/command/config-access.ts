import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Agent } from '../../agent/agent.ts'
import { loadConfig, type LoadOptions } from '../../config/load.ts'
import type { ConfigAccess } from '../../control/control-server.ts'
import { errorText, SluiceError } from '../../errors.ts'

interface FileText {
  readonly path: string
  readonly text: string
}

/** The configuration files of a running agent, for the control contract. Only these files are read and written. */
export function configAccess(agent: Agent, options: LoadOptions): ConfigAccess {
  const paths = options.files.map(({ path }) => resolve(path))
  const checkPaths = (files: readonly FileText[]) => {
    const foreign = files.find(({ path }) => !paths.includes(resolve(path)))
    if (foreign)
      throw new SluiceError('SLUICE_CONTROL', `${foreign.path} is no file of this agent: give ${paths.join(', ')}`)
  }
  /** All files in their order, with the given texts in place of those on disk. */
  const load = (files: readonly FileText[]) =>
    loadConfig({
      ...options,
      files: options.files.map((file) => {
        const given = files.find(({ path }) => resolve(path) === resolve(file.path))
        return given ? { path: file.path, text: given.text } : file
      }),
    })
  return {
    get: () => Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') }))),
    async check(files) {
      checkPaths(files)
      return (await load(files)).findings
    },
    async apply(files) {
      checkPaths(files)
      const { config, findings } = await load(files)
      if (config === undefined) return { applied: false, findings }
      // The flow first: a configuration that cannot be applied must not lie in wait for the next start.
      await agent.apply(config)
      for (const { path, text } of files) await replaceFile(resolve(path), text)
      return { applied: true, findings }
    },
  }
}

/** Writes a file whole or not at all, durably, with its mode kept; a symbolic link stays one. */
async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path)
    const { mode } = await stat(target)
    const fresh = join(dirname(target), `.${randomUUID()}.sluice`)
    try {
      const file = await open(fresh, 'wx', mode & 0o777)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(fresh, target)
    } catch (error) {
      await rm(fresh, { force: true })
      throw error
    }
  } catch (error) {
    throw new SluiceError('SLUICE_FILE', `the change runs, but ${path} cannot be written: ${errorText(error)}`, {
      cause: error,
    })
  }
}
