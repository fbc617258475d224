import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifest, root } from './headless-files.ts'

/**
 * When this was released: SOURCE_DATE_EPOCH, else the last commit. Never the clock, so that the same sources make the same
 * package; without a repository, the first second that a package can have.
 */
export function releaseDate(environment: Readonly<Record<string, string | undefined>>): Date {
  const given = environment['SOURCE_DATE_EPOCH']
  if (given !== undefined && /^\d+$/.test(given)) return new Date(Number(given) * 1000)
  try {
    const text = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return new Date(Number(text) * 1000)
  } catch {
    return new Date(0)
  }
}

/** Debian's changelog: of which version this is, from whom and when. */
export function debianChangelog(date: Date): string {
  const { name, version, author, homepage } = manifest
  const when = date.toUTCString().replace('GMT', '+0000')
  return `${name} (${version}) unstable; urgency=medium

  * Release ${version}; what changed is told at ${homepage}

 -- ${author}  ${when}
`
}

/** Debian's machine-readable statement of who holds the rights of what is in the package. */
export function debianCopyright(date: Date): string {
  const [authors = manifest.author] = manifest.author.split(' <')
  const [terms, rights] = betterSqlite()
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Sluice
Upstream-Contact: ${manifest.author}
Source: ${manifest.homepage}

Files: *
Copyright: ${date.getUTCFullYear()} ${authors}
License: Apache-2.0
 On Debian systems, the text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/sluice/node_modules/better-sqlite3/*
Copyright: ${rights}
License: Expat
${terms}
`
}

/** The terms of the one module that is packed as it is, indented as Debian wants them, and who holds the rights. */
function betterSqlite(): [terms: string, rights: string] {
  const text = readFileSync(join(root, 'node_modules/better-sqlite3/LICENSE'), 'utf8').trim()
  const [, rights = ''] = /^Copyright \(c\) (.+)$/m.exec(text) ?? []
  const terms = text.split('\n').map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
  return [terms.join('\n'), rights]
}
