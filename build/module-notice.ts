import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Whose a module is and on what terms it may be passed on: its own words, as they are in its package. */
export interface ModuleNotice {
  readonly name: string
  readonly version: string
  /** As its package.json says, an SPDX expression. */
  readonly license: string
  /** Everything that its licence and notice files say. */
  readonly text: string
}

interface PackageFile {
  readonly name?: unknown
  readonly version?: unknown
  readonly license?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
}

const legalFile = /^(?:licen[cs]e|copying|notice)(?:[-.](?!.*[jt]s$|json$).*)?$/i

/** Vite's own terms end here; what follows is of modules that it runs with, none of which is in what it makes. */
const builderOnly = '\n# Licenses of bundled dependencies'

/** The notice of the package in `folder`. Throws, with what to do, when it does not say on what terms it may be passed on. */
export function moduleNotice(folder: string): ModuleNotice {
  const { name, version, license } = packageFile(folder)
  if (typeof name !== 'string' || typeof version !== 'string') throw new Error(`${folder} is no package`)
  const told = `${name} ${version} is in what is shipped, and ${folder}`
  if (typeof license !== 'string' || license === '') throw new Error(`${told}/package.json names no licence`)
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isFile() && legalFile.test(one.name))
    .map((one) => readFileSync(join(folder, one.name), 'utf8').replaceAll('\r\n', '\n').split(builderOnly)[0] ?? '')
  const text = files.map((one) => one.trim()).filter((one) => one !== '')
  if (text.length === 0)
    throw new Error(
      `${told} has no file LICENSE, COPYING or NOTICE, so that its terms cannot be passed on: take another version or module`,
    )
  return { name, version, license, text: text.join('\n\n') }
}

/** The folder of the package that a bundler's module came from; undefined for one of our own files. */
export function packageFolder(path: string): string | undefined {
  const [, folder] = /^(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/.exec(path) ?? []
  return folder
}

/** Where Node would find the package `name` from `folder`. Throws when it is not installed. */
export function findPackage(name: string, folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const tried = join(at, 'node_modules', name)
    if (existsSync(join(tried, 'package.json'))) return tried
    if (at === dirname(at)) throw new Error(`${name}, which ${folder} needs, is not installed`)
  }
}

/** The package and all that npm installs with it. */
export function withDependencies(folder: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(folder)) return found
  found.add(folder)
  for (const name of Object.keys(packageFile(folder).dependencies ?? {}))
    withDependencies(findPackage(name, folder), found)
  return found
}

function packageFile(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile
}
