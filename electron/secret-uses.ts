import { configFilterType } from '../core/config/config-filter.ts'
import type { ConfigEntry } from '../core/config/entry.ts'
import { Findings } from '../core/config/findings.ts'
import { type ConfigFile, readFiles } from '../core/config/read-files.ts'
import { isSecretName } from './secret-names.ts'

/** A key of the configuration whose value names a secret. */
export interface SecretUse {
  readonly name: string
  readonly key: string
  readonly file: string
  readonly line: number
  /** It has a default: without the secret the flow starts all the same. */
  readonly optional: boolean
}

/** `${NAME}`, `${env:NAME}` and `${filter['NAME']}`, with or without a default; `$${` is no reference. */
const reference = /(?<!\$)\$\{(?:(?:env:)?([A-Z][A-Z0-9_]*)|([^\s[\]{}]+)\[["']?([A-Z][A-Z0-9_]*)["']?\])\s*(:-|\})/g

/** Where configuration files name secrets. What cannot be read in them is what the configuration's findings tell. */
export async function secretUses(files: readonly ConfigFile[], baseDirectory: string): Promise<SecretUse[]> {
  const entries = await readFiles(files, baseDirectory, new Findings())
  const filters = environmentFilters(entries)
  return [...entries.values()].flatMap((entry) => usesIn(entry, entries, filters))
}

function usesIn(
  entry: ConfigEntry,
  entries: ReadonlyMap<string, ConfigEntry>,
  filters: ReadonlySet<string>,
): SecretUse[] {
  const uses = new Map<string, SecretUse>()
  for (const [, plain, filter, inFilter, end] of entry.value.matchAll(reference)) {
    const name = plain ?? inFilter ?? ''
    if (filter !== undefined && !filters.has(filter)) continue
    // Another key of that name comes before the environment.
    if (!isSecretName(name) || entries.has(name)) continue
    const optional = end === ':-' && (uses.get(name)?.optional ?? true)
    uses.set(name, { name, key: entry.key, file: entry.keyAt.file, line: entry.keyAt.line, optional })
  }
  return [...uses.values()]
}

function environmentFilters(entries: ReadonlyMap<string, ConfigEntry>): Set<string> {
  const found = new Set<string>()
  for (const { key, value } of entries.values()) {
    const [, name] = /^[^.]+\.configfilters\.([^.]+)\.type$/.exec(key) ?? []
    if (name !== undefined && configFilterType(value) === 'env') found.add(name)
  }
  return found
}
