import { basename, dirname, isAbsolute, resolve } from 'node:path'
import { SluiceError, errorText } from '../../errors.ts'
import type { Headers } from '../../event/event.ts'
import type { TextPattern } from '../../pattern/text-pattern.ts'
import { namePattern } from './name-pattern.ts'

/** A folder, the names in it that are followed, and the headers that their events get. */
export interface FileGroup {
  readonly name: string
  readonly directory: string
  readonly pattern: TextPattern
  readonly headers: Headers
}

/**
 * The groups that `filegroups` lists, out of `filegroups.<group>` (a folder, then a Java regular expression for the
 * file name) and `headers.<group>.<header>`. Throws `SLUICE_CONFIG` naming the key that is wrong.
 */
export function fileGroups(
  names: readonly string[],
  paths: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  baseDirectory: string,
): FileGroup[] {
  return names.map((name) => {
    const path = paths[name]?.trim()
    if (!path) throw new SluiceError('SLUICE_CONFIG', `filegroups.${name} is missing: give /folder/name-pattern`)
    // A backslash belongs to the pattern, so only the last slash divides the two.
    const slash = path.lastIndexOf('/')
    const directory = slash < 0 ? dirname(path) : path.slice(0, slash) || '/'
    let pattern: TextPattern
    try {
      pattern = namePattern(slash < 0 ? basename(path) : path.slice(slash + 1))
    } catch (error) {
      throw new SluiceError('SLUICE_CONFIG', `filegroups.${name}: ${errorText(error)}`, { cause: error })
    }
    return {
      name,
      directory: isAbsolute(directory) ? directory : resolve(baseDirectory, directory),
      pattern,
      headers: groupHeaders(name, headers),
    }
  })
}

function groupHeaders(group: string, headers: Readonly<Record<string, string>>): Headers {
  const prefix = `${group}.`
  const own = Object.entries(headers).filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
  return new Map(own.map(([key, value]) => [key.slice(prefix.length), value]))
}
