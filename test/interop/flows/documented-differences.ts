import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const page = join(import.meta.dirname, '../../../docs/differences-from-flume.md')

/** The names in docs/differences-from-flume.md: what stands in bold at the beginning of an entry. */
export function documentedDifferences(): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^- \*\*(.+?)\*\*/gm)].map((match) => match[1] ?? '')
}
