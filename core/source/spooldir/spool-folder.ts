import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { SpooldirSettings } from './settings.ts'

export interface SpooledFile {
  readonly path: string
  readonly name: string
  readonly stats: BigIntStats
}

/** Finds the files of a folder that wait to be read (flume.md §3.10). */
export class SpoolFolder {
  readonly directory: string
  readonly trackerDirectory: string
  readonly #settings: SpooldirSettings
  readonly #include: RegExp
  readonly #ignore: RegExp
  readonly #random: () => number

  /** `random` gives numbers from 0 up to 1. */
  constructor(
    directory: string,
    trackerDirectory: string,
    settings: SpooldirSettings,
    patterns: { include: RegExp; ignore: RegExp },
    random: () => number,
  ) {
    this.directory = directory
    this.trackerDirectory = trackerDirectory
    this.#settings = settings
    this.#include = patterns.include
    this.#ignore = patterns.ignore
    this.#random = random
  }

  /** Where `tracker_dir` marks that the file is done. */
  markOf(path: string): string {
    return join(this.trackerDirectory, relative(this.directory, path) + this.#settings.fileSuffix)
  }

  /** What waits, in the order in which it is to be read. Rejects when the folder itself cannot be listed. */
  async waiting(): Promise<SpooledFile[]> {
    const files: SpooledFile[] = []
    await this.#collect(this.directory, files, true)
    const { consumeOrder } = this.#settings
    if (consumeOrder === 'random') {
      const order = new Map(files.map((file) => [file, this.#random()]))
      return files.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    }
    const direction = consumeOrder === 'oldest' ? 1 : -1
    return files.sort((a, b) => {
      if (a.stats.mtimeNs === b.stats.mtimeNs) return a.name < b.name ? -1 : 1
      return a.stats.mtimeNs < b.stats.mtimeNs ? -direction : direction
    })
  }

  async #collect(directory: string, files: SpooledFile[], top: boolean): Promise<void> {
    let names: string[]
    try {
      names = await readdir(directory)
    } catch (error) {
      if (!top && systemCode(error) === 'ENOENT') return
      throw error
    }
    for (const name of names) {
      if (name.startsWith('.') || this.#ignore.test(name)) continue
      const path = join(directory, name)
      let stats: BigIntStats
      try {
        stats = await stat(path, { bigint: true })
      } catch (error) {
        if (systemCode(error) === 'ENOENT') continue
        throw error
      }
      if (stats.isDirectory() && this.#settings.recursiveDirectorySearch && path !== this.trackerDirectory)
        await this.#collect(path, files, false)
      if (!stats.isFile() || name.endsWith(this.#settings.fileSuffix) || !this.#include.test(name)) continue
      if (this.#settings.trackingPolicy === 'tracker_dir' && (await exists(this.markOf(path)))) continue
      files.push({ path, name, stats })
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
