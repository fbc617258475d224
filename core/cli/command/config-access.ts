import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Agent } from '../../agent/agent.ts'
import type { Clock } from '../../clock.ts'
import { type ConfigVersion, ConfigVersions, type FileText, type VersionOrigin } from '../../config/config-versions.ts'
import { loadConfig, type LoadOptions } from '../../config/load.ts'
import type { ConfigResult } from '../../config/model.ts'
import { decodeText } from '../../config/read-files.ts'
import type { ConfigAccess } from '../../control/config-handlers.ts'
import { errorText, SluiceError } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** The configuration files of a running agent, for the control contract. Only these files are read and written. */
export class ConfigFiles implements ConfigAccess {
  readonly #agent: Agent
  readonly #options: LoadOptions
  readonly #paths: readonly string[]
  readonly #versions: ConfigVersions
  readonly #log: Log

  constructor(agent: Agent, options: LoadOptions, context: { readonly clock: Clock; readonly log: Log }) {
    this.#agent = agent
    this.#options = options
    this.#paths = options.files.map(({ path }) => resolve(path))
    this.#versions = new ConfigVersions(join(agent.dataDirectory, 'config-versions'), context.clock)
    this.#log = context.log
  }

  get(): Promise<FileText[]> {
    return Promise.all(this.#paths.map(async (path) => ({ path, text: decodeText(await readFile(path)) })))
  }

  async load(files: readonly FileText[]): Promise<ConfigResult> {
    // Only what the agent's own files run is run: these texts may be half typed.
    const known = new Set<string>()
    const present = await this.#load([], (command) => {
      known.add(command)
      return true
    })
    return files.length === 0 ? present : this.#load(files, (command) => known.has(command))
  }

  #load(files: readonly FileText[], mayRun: (command: string) => boolean): Promise<ConfigResult> {
    const foreign = files.find(({ path }) => !this.#paths.includes(resolve(path)))
    if (foreign)
      throw new SluiceError(
        'SLUICE_CONTROL',
        `${foreign.path} is no file of this agent: give ${this.#paths.join(', ')}`,
      )
    return loadConfig({
      ...this.#options,
      mayRun,
      // All files in their order, with the given texts in place of those on disk.
      files: this.#options.files.map((file) => {
        const given = files.find(({ path }) => resolve(path) === resolve(file.path))
        return given ? { path: file.path, text: given.text } : file
      }),
    })
  }

  async apply(files: readonly FileText[], how: VersionOrigin, by: string) {
    const { config, findings } = await this.#load(files, () => true)
    if (config === undefined) return { applied: false, findings }
    // The flow first: a configuration that cannot be applied must not lie in wait for the next start.
    await this.#agent.apply(config)
    for (const { path, text } of files) await replaceFile(resolve(path), text)
    await this.record(how, by)
    return { applied: true, findings }
  }

  versions(): Promise<ConfigVersion[]> {
    return this.#versions.list()
  }

  version(id: number): Promise<FileText[]> {
    return this.#versions.files(id)
  }

  /** Keeps the files as they are now, which is what runs. That they cannot be kept is no reason not to run. */
  async record(how: VersionOrigin, by = ''): Promise<void> {
    try {
      await this.#versions.record(await this.get(), how, by)
    } catch (error) {
      this.#log.warn({ error }, `the configuration cannot be kept for a roll-back: ${errorText(error)}`)
    }
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
