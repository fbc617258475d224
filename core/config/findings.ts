import type { ConfigEntry, Position } from './entry.ts'
import type { Finding } from './model.ts'

/** Of a file that is none of ours every line is wrong: what is listed is what somebody can read. Errors go first. */
const mostListed = 200

/** A value of ten megabytes, named in a message, helps nobody. */
const shortened = (text: string) => (text.length > 400 ? `${text.slice(0, 300)}…${text.slice(-50)}` : text)

const withOrigin = ({ origin }: ConfigEntry, message: string) =>
  origin === undefined ? message : `${message} (the value comes from ${origin})`

/** Collects what is found in a configuration. Values of secrets never leave it. */
export class Findings {
  readonly #list: Finding[] = []
  readonly #secrets: Set<string>

  constructor(secrets = new Set<string>()) {
    this.#secrets = secrets
  }

  /** A collector for one component: what it finds is taken over with `take`, as it is or as warnings. */
  part(): Findings {
    return new Findings(this.#secrets)
  }

  take(part: Findings, as?: { warnings: string }): void {
    for (const finding of part.#list)
      this.#list.push(
        as !== undefined && finding.severity === 'error'
          ? { ...finding, severity: 'warning', message: `${finding.message} (${as.warnings})` }
          : finding,
      )
  }

  /** `value` is never shown from now on, wherever it stood. */
  hide(value: string): void {
    if (value !== '') this.#secrets.add(value)
  }

  /** About an entry's value. */
  errorAt(entry: ConfigEntry, message: string, hint = ''): void {
    this.#add('error', entry.valueAt, entry.key, withOrigin(entry, message), hint)
  }

  warningAt(entry: ConfigEntry, message: string, hint = ''): void {
    this.#add('warning', entry.valueAt, entry.key, withOrigin(entry, message), hint)
  }

  error(position: Position, key: string, message: string, hint = ''): void {
    this.#add('error', position, key, message, hint)
  }

  warning(position: Position, key: string, message: string, hint = ''): void {
    this.#add('warning', position, key, message, hint)
  }

  get failed(): boolean {
    return this.#list.some((finding) => finding.severity === 'error')
  }

  /** In the order of the files' lines, without repeats. */
  list(files: readonly string[]): Finding[] {
    const rank = new Map(files.map((file, index) => [file, index]))
    const seen = new Set<string>()
    const all = this.#list
      .map((finding) => ({ ...finding, message: this.#shown(finding.message), hint: this.#shown(finding.hint) }))
      .filter((finding) => {
        const { line, column, key, message, file } = finding
        const same = JSON.stringify([file, line, column, key, message])
        return !seen.has(same) && seen.add(same)
      })
      .sort((a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column)
    return all.length <= mostListed ? all : readable(all)
  }

  #add(severity: Finding['severity'], { file, line, column }: Position, key: string, message: string, hint: string) {
    this.#list.push({ severity, file, line, column, key: shortened(key), message, hint })
  }

  #shown(text: string): string {
    return shortened(this.masked(text))
  }

  /** The text without the secrets that were hidden. */
  masked(text: string): string {
    let shown = text
    // Only where it stands as a word of its own: a secret "a" must not take every "a" out of a sentence.
    for (const secret of this.#secrets)
      if (secret.length > 3) shown = shown.replaceAll(secret, '***')
      else shown = shown.replaceAll(`"${secret}"`, '"***"')
    return shown
  }
}

function readable(all: readonly Finding[]): Finding[] {
  const errors = all.filter(({ severity }) => severity === 'error')
  const warnings = all.filter(({ severity }) => severity === 'warning')
  const kept = new Set([...errors.slice(0, mostListed), ...warnings.slice(0, Math.max(0, mostListed - errors.length))])
  const severity = errors.length > mostListed ? 'error' : 'warning'
  const last = all.findLast((finding) => !kept.has(finding) && finding.severity === severity)
  const list = all.filter((finding) => kept.has(finding))
  const message = `is the last of ${all.length - kept.size} findings that are not listed`
  return last === undefined ? list : [...list, { ...last, key: '', message, hint: '' }]
}
