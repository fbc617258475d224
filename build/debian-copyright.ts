import { manifest, root } from './headless-files.ts'
import { findPackage, type ModuleNotice, moduleNotice, withDependencies } from './module-notice.ts'
import { noticesName } from './third-party-notices.ts'

/** What Debian calls a licence that SPDX calls otherwise. */
const debianNames: Readonly<Record<string, string>> = { MIT: 'Expat' }

/**
 * Debian's machine-readable statement of who holds the rights of what is in the package: ours, of the modules in the
 * bundles, and of better-sqlite3, which is packed as it is.
 */
export function debianCopyright(date: Date, notices: readonly ModuleNotice[]): string {
  const [authors = manifest.author] = manifest.author.split(' <')
  const ours = `${date.getUTCFullYear()} ${authors}`
  const packed = shippedAsTheyAre()
  const beside = notices.filter(({ name }) => packed.has(name))
  const bundled = notices.filter(({ name }) => !packed.has(name))
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Sluice
Upstream-Contact: ${manifest.author}
Source: ${manifest.homepage}
Comment: What the modules of others say of their terms is, in their own words,
 in /usr/share/doc/sluice/${noticesName}.gz.

Files: *
Copyright: ${ours}
License: Apache-2.0

Files: usr/lib/sluice/headless/* usr/lib/sluice/renderer/*
Copyright: ${[ours, ...rights(bundled)].join('\n ')}
License: ${['Apache-2.0', ...licences(bundled)].join(' and ')}
Comment: Bundles of Sluice and of
 ${bundled.map(({ name, version }) => `${name} ${version}`).join(',\n ')}.

Files: usr/lib/sluice/node_modules/better-sqlite3/*
Copyright: ${rights(beside).join('\n ')}
License: ${licences(beside).join(' and ')}
Comment: Its library also holds SQLite, which its authors have given to the public
 domain.

License: Apache-2.0
 On Debian systems, the text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

${licences(notices).map(terms).join('\n\n')}
`

  function terms(licence: string): string {
    const { text = '' } = notices.find((one) => debianName(one) === licence) ?? {}
    const lines = text.split('\n').filter((line) => !isRights(line) && !/licen[cs]e(?: \(\w+\))?$/i.test(line.trim()))
    const told = lines.join('\n').trim().split('\n')
    return [`License: ${licence}`, ...told.map((line) => (line.trim() === '' ? ' .' : ` ${line.trim()}`))].join('\n')
  }
}

/** What node_modules holds in the package, and what that was made with. */
function shippedAsTheyAre(): ReadonlySet<string> {
  const folders = Object.keys(manifest.dependencies).flatMap((name) => [...withDependencies(findPackage(name, root))])
  return new Set(folders.map((folder) => moduleNotice(folder).name))
}

function debianName({ license }: ModuleNotice): string {
  return debianNames[license] ?? license
}

function licences(notices: readonly ModuleNotice[]): readonly string[] {
  return [...new Set(notices.map(debianName))].filter((name) => name !== 'Apache-2.0').sort()
}

function isRights(line: string): boolean {
  return /^\W*Copyright\s+(?!notice|holder|owner)/.test(line)
}

/** Each holder with the years, as the notices have them. */
function rights(notices: readonly ModuleNotice[]): readonly string[] {
  const lines = notices.flatMap(({ text }) => text.split('\n').filter(isRights))
  return [...new Set(lines.map((line) => line.replace(/^\W*Copyright\s*(?:\(c\)|©)?\s*/i, '').trim()))]
}
