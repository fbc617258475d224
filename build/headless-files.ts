import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  /** `NAME <ADDRESS>`: the maintainer of every package. */
  readonly author: string
  /** Of every package too. */
  readonly homepage: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** What a server runs: the command line, and beside it, where that looks for it, the window's page. */
export function copyHeadless(target: string): void {
  mkdirSync(target, { recursive: true })
  for (const part of ['headless', 'renderer']) cpSync(join(root, 'out', part), join(target, part), { recursive: true })
}
