/** How `sluice ctl config` and `sluice ctl components` print. */
import type { CallResult } from '../../control/contract.ts'
import { table } from './ctl-text.ts'
import { findingLine } from './finding-line.ts'

type Preview = CallResult<'configPreview'>
type Component = CallResult<'componentSchemas'>[number]

/** One file as it is; of several each under its name. */
export function configFilesText(files: CallResult<'configShown'>): string {
  const [first] = files
  if (first !== undefined && files.length === 1) return first.text
  return files.map(({ path, text }) => `==> ${path} <==\n${text}\n`).join('')
}

export function previewText({ findings, summary, changes, diffs }: Preview): string {
  return [
    ...findings.map((one) => findingLine(one, true)),
    ...diffs.flatMap(({ text }) => [text.trimEnd(), '']),
    ...changes.flatMap(({ kind, name, type, change, why, events }) => [
      `${kind} ${name} (${type}): ${change}${why === '' ? '' : `, ${why}`}`,
      ...(events === '' ? [] : [`  ${events}`]),
    ]),
    summary,
    '',
  ].join('\n')
}

export function versionsText(versions: CallResult<'configVersions'>): string {
  if (versions.length === 0) return 'nothing was applied before\n'
  return `${table(
    ['ID', 'WHEN', 'HOW', 'BY', 'FILES', ''],
    versions.map(({ id, at, how, by, files, current }) => [
      ...[String(id), new Date(at).toISOString(), how, by, files.join(', '), current ? 'runs now' : ''],
    ]),
    [0],
  )}\n`
}

export function componentsText(components: readonly Component[]): string {
  const rows = components.map(({ kind, type, summary }) => [kind, type, summary])
  return `${table(['KIND', 'TYPE', 'WHAT IT IS FOR'], rows, [])}\n`
}

export function componentText({ kind, type, aliases, summary, differences, settings }: Component): string {
  const rows = settings.map((one) => [
    ...[one.group ? `${one.key}.NAME` : one.key, one.required ? 'required' : (one.default ?? '-')],
    `${one.description}${one.choices === null ? '' : ` (${one.choices.join(', ')})`}`,
  ])
  return [
    `${kind} ${type}: ${summary}`,
    ...(aliases.length === 0 ? [] : [`also written ${aliases.join(', ')}`]),
    ...differences.map((one) => `not as Flume: ${one}`),
    '',
    table(['KEY', 'DEFAULT', 'WHAT IT DOES'], rows, []),
    '',
  ].join('\n')
}
