import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledModulesFile } from './bundled-modules.ts'
import type { ModuleNotice } from './module-notice.ts'
import { byName, noticesText } from './notices-text.ts'

/** The name that the notices have in every package. */
export const noticesName = 'THIRD-PARTY-NOTICES.txt'

/** Which builds are shipped together. */
const editions = {
  desktop: ['electron', 'preload', 'renderer'],
  headless: ['headless', 'renderer'],
} as const
export type Edition = keyof typeof editions

/** Where the build puts the notices of an edition; from there they go into its packages. */
export function noticesFile(edition: Edition): string {
  return join(import.meta.dirname, '../out/notices', `${edition}.txt`)
}

/** The notices of all modules in an edition, by name. Throws when a part of it has not been built. */
export function noticesOf(edition: Edition): readonly ModuleNotice[] {
  const found = new Map<string, ModuleNotice>()
  for (const build of editions[edition])
    for (const notice of JSON.parse(readFileSync(bundledModulesFile(build), 'utf8')) as readonly ModuleNotice[])
      found.set(`${notice.name} ${notice.version}`, notice)
  return byName([...found.values()])
}

/** Writes the notices of each edition that is built whole. */
export function writeNotices(): void {
  for (const edition of ['desktop', 'headless'] as const)
    if (editions[edition].every((build) => existsSync(bundledModulesFile(build))))
      writeFileSync(noticesFile(edition), noticesText(noticesOf(edition)))
}
