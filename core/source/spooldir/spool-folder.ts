import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { TextPattern } from '../../pattern/text-pattern.ts'
import type { SpooldirSettings } from './settings.ts'

/** Files that are told of as passed over; those that are done may be many. */
const mostPassed = 1_000

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
  readonly #include: TextPattern
  readonly #ignore: TextPattern
  readonly #random: () => number
  #passedOver: { path: string; reason: string }[] = []

  /** `random` gives numbers from 0 up to 1. */
  constructor(
    directory: string,
    trackerDirectory: string,
    settings: SpooldirSettings,
    patterns: { include: TextPattern; ignore: TextPattern },
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

  /** What the last look passed over, with the reason: up to so many. */
  get passedOver(): readonly { path: string; reason: string }[] {
    return this.#passedOver
  }

  /** What waits, in the order in which it is to be read. Rejects when the folder itself cannot be listed. */
  async waiting(): Promise<SpooledFile[]> {
    const files: SpooledFile[] = []
    const passed: { path: string; reason: string }[] = []
    await this.#collect(this.directory, files, true, passed)
    this.#passedOver = passed
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

  async #collect(
    directory: string,
    files: SpooledFile[],
    top: boolean,
    passed: { path: string; reason: string }[],
  ): Promise<void> {
    const pass = (path: string, reason: string) => {
      if (passed.length < mostPassed) passed.push({ path, reason })
    }
    let names: string[]
    try {
      names = await readdir(directory)
    } catch (error) {
      if (!top && systemCode(error) === 'ENOENT') return
      throw error
    }
    for (const name of names) {
      const path = join(directory, name)
      if (name.startsWith('.') || this.#ignore.test(name)) {
        if (path !== this.trackerDirectory)
          pass(path, name.startsWith('.') ? 'its name starts with a dot' : 'its name matches ignorePattern')
        continue
      }
      let stats: BigIntStats
      try {
        stats = await stat(path, { bigint: true })
      } catch (error) {
        if (systemCode(error) === 'ENOENT') continue
        throw error
      }
      if (stats.isDirectory() && this.#settings.recursiveDirectorySearch && path !== this.trackerDirectory)
        await this.#collect(path, files, false, passed)
      if (!stats.isFile()) {
        if (!this.#settings.recursiveDirectorySearch) pass(path, noFileReason(stats))
        continue
      }
      const done =
        name.endsWith(this.#settings.fileSuffix) ||
        (this.#settings.trackingPolicy === 'tracker_dir' && (await exists(this.markOf(path))))
      if (done || !this.#include.test(name)) {
        pass(path, done ? 'it is read already' : 'its name does not match includePattern')
        continue
      }
      files.push({ path, name, stats })
    }
  }
}

function noFileReason(stats: BigIntStats): string {
  return stats.isDirectory() ? 'it is a folder, and recursiveDirectorySearch is false' : 'it is no regular file'
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
