import { readFile, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { errorText, systemCode } from '../errors.ts'
import type { ConfigEntry } from './entry.ts'
import type { Findings } from './findings.ts'
import { parseProperties } from './properties-form.ts'

/** A configuration file; with `text` the file itself is not read (an editor's unsaved text). */
export interface ConfigFile {
  readonly path: string
  readonly text?: string
}

const mostBytes = 16 * 1024 * 1024

const reasons: Readonly<Record<string, [message: string, hint: string]>> = {
  ENOENT: ['does not exist', 'give the path of a configuration file'],
  EACCES: ['may not be read', 'give the user that Sluice runs as the right to read it'],
  EISDIR: ['is a folder', 'give the file itself'],
  ENOTDIR: ['does not exist', 'a part of its path is no folder'],
}

/** UTF-8, or ISO-8859-1 as Java's properties files were, where it is no valid UTF-8. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

async function readText(path: string, file: string, findings: Findings): Promise<string | undefined> {
  const whole = { file, line: 0, column: 0 }
  try {
    const { size } = await stat(path)
    if (size > mostBytes) {
      findings.error(whole, '', `has ${size} bytes: that is no configuration file`, `at most ${mostBytes} are read`)
      return undefined
    }
    return decodeText(await readFile(path))
  } catch (error) {
    const [message, hint] = reasons[systemCode(error) ?? ''] ?? [`cannot be read: ${errorText(error)}`, '']
    findings.error(whole, '', message, hint)
    return undefined
  }
}

/** Which of the two forms a configuration file has: its name says so. */
export function isYamlFile(path: string): boolean {
  return ['.yaml', '.yml'].includes(extname(path).toLowerCase())
}

async function parse(file: string, text: string, findings: Findings): Promise<ConfigEntry[]> {
  const nothing = text.indexOf('\0')
  if (nothing >= 0) {
    const line = text.slice(0, nothing).split('\n').length
    findings.error({ file, line, column: 0 }, '', 'is a binary file: it has a NUL character', 'give a text file')
    return []
  }
  if (!isYamlFile(file)) return parseProperties(file, text, findings)
  // Its reader takes 14 MB that an agent with .properties would carry for nothing.
  const { parseYaml } = await import('./yaml-form.ts')
  return parseYaml(file, text, findings)
}

/**
 * Reads and merges files: of several, the later wins without a word (that is what several are for); within one file a
 * key that is set twice is a warning. Empty values are errors, as an empty value means nothing to any key (flume.md §2.1).
 */
export async function readFiles(
  files: readonly ConfigFile[],
  baseDirectory: string,
  findings: Findings,
): Promise<Map<string, ConfigEntry>> {
  const merged = new Map<string, ConfigEntry>()
  for (const { path, text: given } of files) {
    const text = given ?? (await readText(resolve(baseDirectory, path), path, findings))
    if (text === undefined) continue
    const own = new Map<string, ConfigEntry>()
    for (const { key: rawKey, value: rawValue, ...rest } of await parse(path, text, findings)) {
      const key = rawKey.trim()
      const entry: ConfigEntry = { ...rest, key, value: rawValue.trim() }
      const earlier = own.get(key)
      if (earlier !== undefined)
        findings.warning(
          entry.keyAt,
          key,
          `is set a second time: what line ${earlier.keyAt.line} sets is lost`,
          'remove one of the two',
        )
      own.set(key, entry)
    }
    for (const [key, entry] of own) merged.set(key, entry)
  }
  return merged
}
