import type { Command } from 'commander'
import { type BacklogQuery, compileQuery } from '../../backlog/backlog-query.ts'
import type { BacklogRow } from '../../backlog/backlog-row.ts'
import { visibleText } from '../../backlog/visible-text.ts'
import type { Start } from '../../channel/file/reader.ts'
import { SluiceError } from '../../errors.ts'

/** The options of whatever looks at waiting events, on a folder or through a running agent. */
export interface BacklogOptions {
  readonly from?: string
  readonly backward?: boolean
  readonly limit: string
  readonly search?: string
  readonly regex?: string
  readonly ignoreCase?: boolean
  readonly in?: string
  readonly header?: string
}

export function addBacklogOptions(command: Command, limit: string): Command {
  return command
    .option(
      '--from <WHERE>',
      'oldest, newest, the number of an event, or a time such as 2026-11-23T16:30 (default: oldest)',
    )
    .option('--backward', 'go back in time from there; from the newest one always does')
    .option('--limit <N>', 'at most so many events', limit)
    .option('--search <TEXT>', 'only events with this text')
    .option('--regex <RE>', 'only events in which this regular expression matches')
    .option('--ignore-case', 'letters match in either case')
    .option('--in <WHERE>', 'where to search: body, headers, or any (default: any)')
    .option('--header <NAME[=VALUE]>', 'only events with this header, and with this value')
}

const places = ['any', 'body', 'headers'] as const

/** Throws `SLUICE_USAGE` or `SLUICE_CONTROL` in words. */
export function readBacklogQuery(options: BacklogOptions): BacklogQuery {
  const { search, regex, header, ignoreCase } = options
  const where = places.find((one) => one === (options.in ?? 'any'))
  if (where === undefined) throw new SluiceError('SLUICE_USAGE', `--in ${options.in ?? ''}: give body, headers or any`)
  const equals = header?.indexOf('=') ?? -1
  const name = equals < 0 ? header : header?.slice(0, equals)
  if (name === '') throw new SluiceError('SLUICE_USAGE', `--header ${header ?? ''}: give NAME or NAME=VALUE`)
  const query: BacklogQuery = {
    ...(search === undefined ? {} : { text: search }),
    ...(regex === undefined ? {} : { regex }),
    ...(ignoreCase === true ? { ignoreCase } : {}),
    ...(where === 'any' ? {} : { in: where }),
    ...(name === undefined ? {} : { header: equals < 0 ? { name } : { name, value: header?.slice(equals + 1) ?? '' } }),
  }
  compileQuery(query)
  return query
}

export function isSearch({ text, regex, header }: BacklogQuery): boolean {
  return text !== undefined || regex !== undefined || header !== undefined
}

export function readStart(from = 'oldest'): Start {
  if (from === 'oldest' || from === 'newest') return from
  if (/^\d{1,15}$/.test(from)) return { event: Number(from) }
  const at = Date.parse(from)
  if (Number.isNaN(at))
    throw new SluiceError(
      'SLUICE_USAGE',
      `--from ${from}: give oldest, newest, the number of an event, or a time such as 2026-11-23T16:30`,
    )
  return { at }
}

export function readLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new SluiceError('SLUICE_USAGE', `--limit ${text}: give a whole number above 0`)
  return Number(text)
}

/** An event as a line: no character in it is obeyed by a terminal. */
export function rowLine(row: BacklogRow): string {
  const headers = row.headers.map(([name, value]) => `${visibleText(name)}=${visibleText(value)}`).join(' ')
  const body = row.binary ? `0x${row.body}` : visibleText(row.body)
  const cut = (before: boolean) => (before ? '…' : '')
  return (
    `${String(row.number).padStart(10)}  ${new Date(row.at).toISOString()}  ` +
    `${headers === '' ? '' : `{${headers}${cut(row.headersCut)}} `}${cut(row.bodyFrom > 0)}${body}${cut(row.bodyCut)}\n`
  )
}
