import { constants } from 'node:fs'
import { access, opendir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { errorText, systemCode } from '../errors.ts'
import type { TextPattern } from '../pattern/text-pattern.ts'
import { namePattern } from '../source/taildir/name-pattern.ts'
import type { sourceCalls } from './source-calls.ts'

export type FolderAnswer = z.output<typeof sourceCalls.testFolder.result>

/** Files that are looked at one by one; of the others only the names count. */
const mostStats = 2_000
/** Names after which counting stops: a folder of millions must not take the agent's time. */
const mostNames = 200_000

const texts: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is a file and no folder: give the folder, and the name of the file as the pattern',
  EACCES: 'the agent may not read this folder: give its user the right to read and to enter it',
  EPERM: 'the agent may not read this folder: give its user the right to read and to enter it',
}

/** Whether files in a folder can be watched, and which. `path` may be relative to `baseDirectory`. */
export async function testFolder(
  path: string,
  pattern: string | undefined,
  baseDirectory: string,
): Promise<FolderAnswer> {
  const folder = resolve(baseDirectory, path)
  const counts = { files: 0, matching: 0, unreadable: 0, bytes: 0, partial: false }
  const failed = (text: string, code: string): FolderAnswer => ({
    ...{ ok: false, text, code, path: folder, ...counts, example: null },
  })
  let matches: TextPattern
  try {
    matches = namePattern(pattern ?? '.*')
  } catch (error) {
    return failed(`the pattern cannot be used: ${errorText(error)}`, 'SLUICE_CONFIG')
  }
  try {
    const names = await matchingNames(folder, matches, counts)
    const latest = await look(folder, names, counts)
    if (latest === undefined && counts.unreadable > 0)
      return failed(`${count(counts.unreadable)} match, but the agent may read none of them`, 'SLUICE_FILE')
    return { ok: true, text: described(counts), code: '', path: folder, ...counts, example: latest ?? null }
  } catch (error) {
    return failed(`${folder}: ${texts[systemCode(error) ?? ''] ?? errorText(error)}`, 'SLUICE_FILE')
  }
}

type Counts = Pick<FolderAnswer, 'files' | 'matching' | 'unreadable' | 'bytes' | 'partial'>

/** The first of the names that match; counts them all. */
async function matchingNames(folder: string, matches: TextPattern, counts: Counts): Promise<string[]> {
  const names: string[] = []
  let seen = 0
  for await (const entry of await opendir(folder, { bufferSize: 1_000 })) {
    if (++seen > mostNames) {
      counts.partial = true
      break
    }
    // A link may lead to a file: the look at it shows that.
    if (!entry.isFile() && !entry.isSymbolicLink()) continue
    counts.files++
    if (!matches.test(entry.name)) continue
    counts.matching++
    if (names.length < mostStats) names.push(entry.name)
    else counts.partial = true
  }
  return names
}

/** Returns the file that was changed last among those that can be read. */
async function look(folder: string, names: readonly string[], counts: Counts): Promise<string | undefined> {
  let latest: { path: string; at: number } | undefined
  for (const name of names) {
    const path = join(folder, name)
    try {
      const { size, mtimeMs } = await stat(path)
      await access(path, constants.R_OK)
      counts.bytes += size
      if (latest === undefined || mtimeMs > latest.at) latest = { path, at: mtimeMs }
    } catch (error) {
      // Gone between the listing and the look: no matter.
      if (systemCode(error) !== 'ENOENT') counts.unreadable++
    }
  }
  return latest?.path
}

const count = (files: number) => (files === 1 ? '1 file' : `${files} files`)

function described({ files, matching, unreadable, partial }: Counts): string {
  if (files === 0) return 'the folder is empty: files are read as soon as they come'
  if (matching === 0) return `none of ${count(files)} matches the pattern: files are read as soon as one does`
  const which = matching === files ? count(files) : `${matching} of ${count(files)} match`
  return `${which}${partial ? ' at least' : ''}${unreadable === 0 ? '' : `; ${unreadable} cannot be read`}`
}
