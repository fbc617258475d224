import { execFileSync } from 'node:child_process'
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
