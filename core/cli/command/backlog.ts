import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { exportBacklog } from '../../backlog/backlog-export.ts'
import { BacklogLook } from '../../backlog/backlog-look.ts'
import type { BacklogQuery } from '../../backlog/backlog-query.ts'
import { backlogRow } from '../../backlog/backlog-row.ts'
import { searchBacklog } from '../../backlog/backlog-search.ts'
import { exportFormats } from '../../backlog/export-formats.ts'
import { visibleText } from '../../backlog/visible-text.ts'
import { oneChannelFolder } from '../../channel/file/channel-folders.ts'
import { readKeyFile } from '../../channel/file/encryption-keys.ts'
import { SluiceError } from '../../errors.ts'
import {
  addBacklogOptions,
  type BacklogOptions,
  isSearch,
  readBacklogQuery,
  readLimit,
  readStart,
  rowLine,
} from './backlog-options.ts'
import { type CommandLineContext, exitCodes } from './context.ts'
import { byteText, table } from './ctl-text.ts'
import { ledgerLine } from './fsck.ts'

interface Options extends BacklogOptions {
  readonly summary?: boolean
  readonly counts?: string
  readonly export?: string
  readonly format: string
  readonly keyFile?: string
  readonly json?: boolean
}

/** Blocks that are counted one by one before a count becomes a sample. */
const mostCounted = 100_000

/** `sluice backlog`: looks at what waits in a channel's folder; the agent may run, be stopped, or be another machine's. */
export function backlogCommand(context: CommandLineContext): Command {
  const command = new Command('backlog')
    .description('See, search and export the events that wait in a file channel; nothing is taken or changed.')
    .argument(
      '<DIR>',
      "a channel's folder, of a stopped agent, a running one or a copy; or a data folder with one channel",
    )
  return addBacklogOptions(command, '50')
    .option('--summary', 'only how many wait, since when, and the books')
    .option('--counts <HEADER>', 'how many events have each value of a header')
    .option('--export <FILE>', 'write the events to a file; without --limit all of them')
    .option('--format <FORMAT>', `the form of an export: ${exportFormats.join(', ')}`, 'ndjson')
    .option('--key-file <FILE>', 'the keys of events that are encrypted at rest')
    .option('--json', 'print JSON, an event a line')
    .action(async (directory: string, options: Options) => {
      const over = new AbortController()
      const forget = context.onSignal(() => over.abort())
      const look = new BacklogLook({
        folder: oneChannelFolder(resolve(context.workingDirectory, directory), 'SLUICE_USAGE'),
        keys: options.keyFile === undefined ? [] : readKeyFile(resolve(context.workingDirectory, options.keyFile)),
      })
      try {
        await run(context, look, options, over.signal)
        context.exit(over.signal.aborted ? exitCodes.failed : exitCodes.done)
      } finally {
        forget()
        await look.close()
      }
    })
}

async function run(
  context: CommandLineContext,
  look: BacklogLook,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const query = readBacklogQuery(options)
  if (options.summary === true) summary(context, look, options.json === true)
  else if (options.counts !== undefined) await counts(context, look, options.counts, options)
  else if (options.export !== undefined) await exported(context, look, query, options, signal)
  else await list(context, look, query, options, signal)
}

function summary(context: CommandLineContext, look: BacklogLook, json: boolean): void {
  const found = look.summary()
  if (json) {
    context.stdout.write(`${JSON.stringify(found)}\n`)
    return
  }
  const time = (at: number | undefined) => (at === undefined ? 'none' : new Date(at).toISOString())
  context.stdout.write(
    `${found.queued} events wait, ${byteText(found.bytes)} in ${found.segments} segments\n` +
      `oldest ${time(found.oldestAt)}, newest ${time(found.newestAt)}; numbers ${found.low} to ${found.nextEvent - 1}\n` +
      `${ledgerLine(found.ledger)}\n`,
  )
}

async function counts(context: CommandLineContext, look: BacklogLook, header: string, options: Options): Promise<void> {
  const found = await look.counts(header, readLimit(options.limit), mostCounted)
  if (options.json === true) {
    context.stdout.write(`${JSON.stringify(found)}\n`)
    return
  }
  const rows = found.values.map(({ value, events }) => [visibleText(value), String(events)])
  if (found.others > 0) rows.push(['(other values)', String(found.others)])
  if (found.without > 0) rows.push([`(without ${visibleText(header)})`, String(found.without)])
  context.stdout.write(`${table([visibleText(header), 'EVENTS'], rows, [1])}\n`)
  if (found.counted < found.total) context.stdout.write(`of ${found.counted} of ${found.total} events, spread evenly\n`)
}

async function list(
  context: CommandLineContext,
  look: BacklogLook,
  query: BacklogQuery,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const start = readStart(options.from)
  const backward = options.backward === true || start === 'newest'
  const progress = { events: 0, bytes: 0, damaged: 0, gone: 0 }
  let left = readLimit(options.limit)
  for await (const found of searchBacklog(look.reader, query, start, backward, progress, () => undefined)) {
    if (signal.aborted) return
    const row = backlogRow(found.number, found.at, found.event, Math.max(0, found.hit))
    context.stdout.write(options.json === true ? `${JSON.stringify(row)}\n` : rowLine(row))
    if (--left === 0) break
  }
  if (progress.damaged > 0)
    context.stderr.write(`sluice: ${progress.damaged} blocks cannot be read; sluice fsck says more\n`)
  if (options.json !== true && isSearch(query) && left > 0)
    context.stderr.write(`sluice: ${progress.events} events looked at\n`)
}

async function exported(
  context: CommandLineContext,
  look: BacklogLook,
  query: BacklogQuery,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const format = exportFormats.find((one) => one === options.format)
  if (format === undefined)
    throw new SluiceError('SLUICE_USAGE', `--format ${options.format}: give one of ${exportFormats.join(', ')}`)
  const file = resolve(context.workingDirectory, options.export ?? '')
  const progress = { events: 0, bytes: 0, damaged: 0, gone: 0, written: 0, writtenBytes: 0 }
  const { total } = look.waiting()
  let saidAt = 0
  const step = () => {
    signal.throwIfAborted()
    const now = context.clock.monotonic()
    if (context.stderr.isTTY !== true || now - saidAt < 250) return
    saidAt = now
    context.stderr.write(`\r${progress.events} of ${total} events, ${byteText(progress.writtenBytes)} written `)
  }
  try {
    await exportBacklog(look.reader, { file, format, query, start: readStart(options.from) }, progress, step, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new SluiceError('SLUICE_ABORTED', `the export was given up; nothing of ${file} is left`, { cause: error })
  } finally {
    if (saidAt > 0) context.stderr.write('\r\u001b[K')
  }
  const { written, writtenBytes, damaged, gone } = progress
  // What went into a pipe may have gone to our own output.
  const output = (await stat(file)).isFile() ? context.stdout : context.stderr
  output.write(
    options.json === true
      ? `${JSON.stringify({ file, written, writtenBytes, damaged, gone })}\n`
      : `${written} events, ${byteText(writtenBytes)} written to ${file}\n`,
  )
}
