import { type BigIntStats } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import { errorText, systemCode } from '../../errors.ts'
import type { FileGroup } from './file-group.ts'
import type { Sighting } from './stream.ts'

/** A folder's modification time may be this coarse: a listing younger than it is taken again. */
const coarseMilliseconds = 2000
/** Names that are told of as passed over; a folder of a million others must not fill the memory. */
const mostPassed = 1_000
/** Stats at a time: enough to hide a slow mount, few enough to leave the thread pool to others. */
const parallelStats = 16

export interface FolderProblem {
  readonly path: string
  readonly message: string
  /** The whole folder is missing or closed to us. */
  readonly folder: boolean
}

/** What one look at a folder found. */
export interface FolderLook {
  readonly directory: string
  readonly sightings: readonly Sighting[]
  /** Paths that were left out this time, because nothing says that they changed. */
  readonly skipped: ReadonlySet<string>
  readonly problems: readonly FolderProblem[]
  /** All names in it, followed or not; undefined when the folder could not be read. */
  readonly names: readonly string[] | undefined
  /** The names are other than at the look before. */
  readonly changed: boolean
}

/** Lists one folder and looks at the files in it that belong to a group. */
export class FolderScan {
  readonly directory: string
  readonly #groups: readonly FileGroup[]
  readonly #clock: Clock
  readonly #cache: boolean
  readonly #followLinks: boolean
  readonly #groupOf = new Map<string, FileGroup | undefined>()
  /** Paths that a group names and that are no files to read. */
  readonly #noFiles = new Map<string, string>()
  /** Names that lead to no file, such as links to nothing: no time of the folder tells when that changes. */
  readonly #nowhere = new Set<string>()
  #names: string[] | undefined
  #listedAt = 0
  #folderTime = -1n

  constructor(
    directory: string,
    groups: readonly FileGroup[],
    options: { clock: Clock; cachePatternMatching: boolean; followLinks: boolean },
  ) {
    this.directory = directory
    this.#groups = groups
    this.#clock = options.clock
    this.#cache = options.cachePatternMatching
    this.#followLinks = options.followLinks
  }

  /** What lies in the folder and is not read, with the reason: up to so many. */
  passedOver(): { path: string; reason: string }[] {
    const others = (this.#names ?? []).filter((name) => this.#groupOf.get(name) === undefined).slice(0, mostPassed)
    return [
      ...[...this.#noFiles].map(([path, reason]) => ({ path, reason })),
      ...others.map((name) => ({ path: join(this.directory, name), reason: 'its name matches no file group' })),
    ]
  }

  /** `wanted` says whether a path must be looked at even though the listing has not changed. */
  async look(wanted: (path: string) => boolean): Promise<FolderLook> {
    const problems: FolderProblem[] = []
    let changed: boolean
    try {
      changed = await this.#list()
    } catch (error) {
      this.#names = undefined
      this.#folderTime = -1n
      problems.push({ path: this.directory, message: folderMessage(error), folder: true })
      return { directory: this.directory, sightings: [], skipped: new Set(), problems, names: undefined, changed: true }
    }
    const skipped = new Set<string>()
    const targets: { path: string; group: FileGroup }[] = []
    for (const name of this.#names ?? []) {
      const group = this.#group(name)
      if (group === undefined) continue
      const path = join(this.directory, name)
      if (changed || this.#nowhere.has(path) || wanted(path)) targets.push({ path, group })
      else skipped.add(path)
    }
    const sightings: Sighting[] = []
    for (let index = 0; index < targets.length; index += parallelStats)
      for (const result of await Promise.all(targets.slice(index, index + parallelStats).map((one) => this.#see(one))))
        if ('inode' in result) sightings.push(result)
        else if (result.message !== '') problems.push(result)
    return { directory: this.directory, sightings, skipped, problems, names: this.#names, changed }
  }

  async #list(): Promise<boolean> {
    const { mtimeNs } = await stat(this.directory, { bigint: true })
    const settled = this.#listedAt - Number(mtimeNs / 1_000_000n) > coarseMilliseconds
    if (this.#cache && this.#names !== undefined && mtimeNs === this.#folderTime && settled) return false
    this.#listedAt = this.#clock.now()
    this.#folderTime = mtimeNs
    this.#names = await readdir(this.directory)
    const present = new Set(this.#names.map((name) => join(this.directory, name)))
    for (const path of this.#noFiles.keys()) if (!present.has(path)) this.#noFiles.delete(path)
    for (const path of this.#nowhere) if (!present.has(path)) this.#nowhere.delete(path)
    for (const name of this.#groupOf.keys()) if (this.#groupOf.size > 2 * this.#names.length) this.#groupOf.delete(name)
    return true
  }

  #group(name: string): FileGroup | undefined {
    if (!this.#groupOf.has(name))
      this.#groupOf.set(
        name,
        this.#groups.find((group) => group.pattern.test(name)),
      )
    return this.#groupOf.get(name)
  }

  async #see({ path, group }: { path: string; group: FileGroup }): Promise<Sighting | FolderProblem> {
    try {
      const stats = await (this.#followLinks ? stat : lstat)(path, { bigint: true })
      this.#nowhere.delete(path)
      if (!stats.isFile()) return this.#passOver(path, noFileReason(stats))
      this.#noFiles.delete(path)
      return sighting(path, group, stats)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return { path, message: errorText(error), folder: false }
      if (path.includes('\ufffd')) {
        this.#nowhere.add(path)
        return { path, message: noName, folder: false }
      }
      if (await isLink(path)) {
        this.#nowhere.add(path)
        return this.#passOver(path, 'it is a symbolic link to nothing')
      }
      // Gone again between the listing and the look: the next look knows more.
      return { path, message: '', folder: false }
    }
  }

  #passOver(path: string, reason: string): FolderProblem {
    if (this.#noFiles.size < mostPassed) this.#noFiles.set(path, reason)
    return { path, message: '', folder: false }
  }
}

/** What of a name is no UTF-8 is lost when it is listed, and no file has the name that is left. */
const noName = 'its name is no valid UTF-8: rename it to have it read'

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink()
  } catch {
    return false // It is gone.
  }
}

export function sighting(path: string, group: FileGroup, stats: BigIntStats): Sighting {
  // Where a file system does not keep the time of birth, the time of the last change stands in for it.
  const born = stats.birthtimeNs === stats.ctimeNs || stats.birthtimeNs === 0n ? '' : String(stats.birthtimeNs)
  return {
    path,
    group,
    device: String(stats.dev),
    inode: String(stats.ino),
    born,
    size: Number(stats.size),
    changedAt: Number(stats.mtimeNs / 1_000_000n),
  }
}

function noFileReason(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return 'it is a symbolic link, and followLinks is false'
  return stats.isDirectory() ? 'it is a folder' : 'it is no regular file'
}

function folderMessage(error: unknown): string {
  const code = systemCode(error)
  if (code === 'ENOENT') return 'folder missing'
  if (code === 'ENOTDIR') return 'is no folder'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to list the folder'
  return errorText(error)
}
