import { namePattern } from '../../../core/source/taildir/name-pattern.ts'
import type { ConfiguredPart } from '../configuration/configured-parts.ts'

/** What a user says at first: which folder, and where to. */
export interface SetupFields {
  readonly folder: string
  /** A regular expression for whole file names. */
  readonly pattern: string
  readonly host: string
  readonly port: string
}

/** The parts of a flow that {@link SetupFields} are about: what watches files, and what sends them on. */
export interface SetupParts {
  readonly watcher: ConfiguredPart
  readonly group: string
  readonly sender: ConfiguredPart
}

/** The first of each kind; undefined when the flow has other parts than these. */
export function setupParts(parts: readonly ConfiguredPart[]): SetupParts | undefined {
  const watcher = parts.find(({ kind, type }) => kind === 'source' && type.toLowerCase() === 'taildir')
  const sender = parts.find(({ kind, type }) => kind === 'sink' && type.toLowerCase() === 'avro')
  const group = watcher?.settings.get('filegroups')?.split(/\s+/)[0]
  return watcher === undefined || sender === undefined || group === undefined ? undefined : { watcher, group, sender }
}

/** What the flow says now. A folder with references in it is shown as it is written. */
export function presentFields({ watcher, group, sender }: SetupParts): SetupFields {
  const path = watcher.settings.get(`filegroups.${group}`) ?? ''
  const slash = path.lastIndexOf('/')
  return {
    folder: slash < 0 ? path : path.slice(0, slash) || '/',
    pattern: slash < 0 ? '.*' : path.slice(slash + 1),
    host: sender.settings.get('hostname') ?? '',
    port: sender.settings.get('port') ?? '',
  }
}

/** The keys that make the flow what the fields say; only those that differ. */
export function setupChanges(agent: string, parts: SetupParts, fields: SetupFields): Map<string, string> {
  const { watcher, group, sender } = parts
  const folder = fields.folder.trim().replace(/\/+$/, '')
  const wanted: [string, string, string | undefined][] = [
    [
      `${agent}.sources.${watcher.name}.filegroups.${group}`,
      `${folder}/${fields.pattern.trim() === '' ? '.*' : fields.pattern.trim()}`,
      watcher.settings.get(`filegroups.${group}`),
    ],
    [`${agent}.sinks.${sender.name}.hostname`, fields.host.trim(), sender.settings.get('hostname')],
    [`${agent}.sinks.${sender.name}.port`, fields.port.trim(), sender.settings.get('port')],
  ]
  return new Map(wanted.filter(([, value, before]) => value !== before).map(([key, value]) => [key, value]))
}

/** What is wrong with a field before anything is asked; empty when nothing is. */
export function fieldErrors({ folder, pattern, host, port }: SetupFields): Record<keyof SetupFields, string> {
  let patternError = ''
  try {
    namePattern(pattern)
    if (pattern.includes('/')) patternError = 'it is for file names only: it has no /'
  } catch (error) {
    patternError = error instanceof Error ? error.message : String(error)
  }
  const number = Number(port)
  return {
    folder: folder.trim() === '' ? 'give a folder' : '',
    pattern: patternError,
    host:
      host.trim() === ''
        ? 'give a host name or an address'
        : /[\s/]/.test(host.trim())
          ? 'a host name has no blanks and no /'
          : '',
    port: /^\d{1,5}$/.test(port.trim()) && number >= 1 && number <= 65_535 ? '' : 'give a port from 1 to 65535',
  }
}
