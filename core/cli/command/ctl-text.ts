/** How `sluice ctl` prints: dense, aligned, states in words. */
import { visibleLines, visibleText } from '../../backlog/visible-text.ts'
import type { CallResult } from '../../control/contract.ts'

type Status = CallResult<'status'>

/** Rows as aligned columns; numbers (`right`) to the right. Trailing blanks are cut. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function statusText(status: Status): string {
  const parts = [
    `agent ${status.agent} · process ${status.pid} · running for ${duration(status.now - status.startedAt)}` +
      (status.openEvents > 0 ? ` · ${status.openEvents} events to look at: sluice ctl events` : ''),
    table(
      ['SOURCE', 'TYPE', 'CHANNELS', 'EVENTS', 'PER S', 'STATE'],
      status.sources.map((one) => [
        ...[one.name, one.type, one.channels.join(',')],
        ...[String(one.events), perSecond(one.eventsPerSecond), stateText(one, status.now)],
      ]),
      [3, 4],
    ),
    table(
      ['CHANNEL', 'TYPE', 'EVENTS', 'SIZE', 'FULL', 'OLDEST', 'IN/S', 'OUT/S', 'STATE'],
      status.channels.map((one) => [
        ...[one.name, one.type, String(one.events), byteText(one.bytes), fullText(one)],
        one.oldestAt === null ? '-' : duration(status.now - one.oldestAt),
        ...[perSecond(one.inPerSecond), perSecond(one.outPerSecond), channelState(one, status.now)],
      ]),
      [2, 3, 4, 5, 6, 7],
    ),
    table(
      ['SINK', 'TYPE', 'CHANNEL', 'EVENTS', 'PER S', 'STATE'],
      status.sinks.map((one) => [
        ...[one.name, one.type, one.channel, String(one.events), perSecond(one.eventsPerSecond)],
        stateText(one, status.now) + (one.quarantined > 0 ? `; ${one.quarantined} in quarantine` : ''),
      ]),
      [3, 4],
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

export function eventsText(events: CallResult<'events'>): string {
  if (events.length === 0) return 'nothing to look at\n'
  return `${table(
    ['ID', 'LAST', 'TIMES', 'PART', 'CODE', 'WHAT'],
    events.map((one) => [
      ...[String(one.id), new Date(one.lastAt).toISOString(), String(one.count)],
      ...[one.component, one.code, printable(one.message)],
    ]),
    [0, 2],
  )}\n`
}

export function ledgerText(channel: string, ledger: NonNullable<CallResult<'ledger'>>): string {
  const { received, delivered, queued, dropped, quarantined, lost, repeated } = ledger
  const droppedRows = Object.entries(dropped).map(([reason, events]) => [`dropped: ${reason}`, String(events)])
  return `${table(
    [channel, 'EVENTS'],
    [
      ['received', String(received)],
      ['delivered', String(delivered)],
      ['queued', String(queued)],
      ...droppedRows,
      ['quarantined', String(quarantined)],
      ['lost', String(lost)],
      ['repeated, not stored again', String(repeated)],
    ],
    [1],
  )}\n`
}

export function historyText(series: string, history: CallResult<'history'>): string {
  return `${table(
    [series, 'LAST', 'LEAST', 'MOST'],
    history.points.map(({ t, last, min, max }) => [
      new Date(t).toISOString(),
      ...[last, min, max].map((value) => (Number.isInteger(value) ? String(value) : value.toFixed(1))),
    ]),
    [1, 2, 3],
  )}\n`
}

export function eventKindsText(kinds: CallResult<'eventKinds'>): string {
  if (kinds.length === 0) return 'nothing has happened\n'
  const rows = kinds.map(({ component, code, events, open }) => [component, code, String(events), String(open)])
  return `${table(['PART', 'CODE', 'EVENTS', 'OPEN'], rows, [2, 3])}\n`
}

export function marksText(marks: CallResult<'marks'>): string {
  if (marks.length === 0) return 'nothing to mark in this time\n'
  return `${table(
    ['FROM', 'FOR', 'KIND', 'PART', 'WHAT'],
    marks.map(({ from, to, kind, component, text }) => [
      new Date(from).toISOString(),
      to === null ? 'lasts' : to === from ? '-' : duration(to - from),
      ...[kind, component, printable(text)],
    ]),
    [],
  )}\n`
}

export function filesText({ matched, files }: CallResult<'sourceFiles'>): string {
  if (files.length === 0) return matched === 0 ? 'no file\n' : `no file from there on; ${matched} in all\n`
  const rows = files.map(({ path, size, position, lag, note }) => [
    ...[printable(path), byteText(size), byteText(position), lag === null ? '?' : byteText(lag), printable(note)],
  ])
  const more = matched > files.length ? `${files.length} of ${matched}\n` : ''
  return `${table(['FILE', 'SIZE', 'READ', 'LAG', 'NOTE'], rows, [1, 2, 3])}\n${more}`
}

export function backlogSummaryText(channel: string, summary: CallResult<'backlogSummary'>): string {
  const { queued, bytes, low, nextEvent, oldestAt, newestAt, ledger } = summary
  const time = (at: number | null) => (at === null ? '-' : new Date(at).toISOString())
  return (
    `${queued} events, ${byteText(bytes)}, numbers ${low} to ${nextEvent - 1}, ` +
    `from ${time(oldestAt)} to ${time(newestAt)}\n\n${ledgerText(channel, ledger)}`
  )
}

/** Control characters by their names, as in lists; `--json` has the body as it is, in Base64. */
export function eventText({ number, at, headers, body, size }: CallResult<'backlogEvent'>): string {
  const bytes = Buffer.from(body, 'base64')
  const cut = bytes.length < size ? `\n(${bytes.length} of ${size} bytes)` : ''
  return [
    `event ${number}, ${new Date(at).toISOString()}, ${size} bytes`,
    ...headers.map(([name, value]) => `${visibleText(name)}: ${visibleText(value)}`),
    '',
    `${visibleLines(bytes.toString())}${cut}`,
    '',
  ].join('\n')
}

export function exportsText(exports: CallResult<'exports'>): string {
  if (exports.length === 0) return 'no exports\n'
  const rows = exports.map(({ file, bytes, at }) => [file, byteText(bytes), new Date(at).toISOString()])
  return `${table(['FILE', 'SIZE', 'WHEN'], rows, [1])}\n`
}

function stateText(part: { text: string; retryAt: number | null }, now: number): string {
  const text = printable(part.text)
  if (part.retryAt === null) return text
  return `${text}; again in ${Math.max(0, Math.ceil((part.retryAt - now) / 1000))} s`
}

function channelState(channel: Status['channels'][number], now: number): string {
  let text = stateText(channel, now)
  const { drain, rateLimit } = channel
  if (drain && !drain.done) {
    const share = drain.total > 0 ? Math.floor(100 * Math.max(0, 1 - drain.left / drain.total)) : 100
    text += ` ${share} %, ${drain.left} left`
    if (drain.secondsLeft !== null) text += `, about ${duration(drain.secondsLeft * 1000)}`
  }
  return rateLimit === null ? text : `${text}; at most ${rateLimit}/s`
}

function fullText({ events, capacity, bytes, byteCapacity }: Status['channels'][number]): string {
  const shares = [capacity === null ? 0 : events / capacity, byteCapacity === null ? 0 : bytes / byteCapacity]
  return `${Math.floor(100 * Math.max(...shares))} %`
}

export function byteText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

function perSecond(rate: number): string {
  return rate === 0 ? '0' : rate < 10 ? rate.toFixed(1) : String(Math.round(rate))
}

/** Control characters of a message must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
