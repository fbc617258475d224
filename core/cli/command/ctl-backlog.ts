import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { exportFormats } from '../../backlog/export-formats.ts'
import { visibleText } from '../../backlog/visible-text.ts'
import type { ControlClient } from '../../control/client.ts'
import { exportsFolder } from '../../control/backlog-handlers.ts'
import type { SubscriptionMessage, SubscriptionName, SubscriptionParams } from '../../control/contract.ts'
import { errorText, SluiceError } from '../../errors.ts'
import {
  addBacklogOptions,
  type BacklogOptions,
  readBacklogQuery,
  readLimit,
  readStart,
  rowLine,
} from './backlog-options.ts'
import type { CommandLineContext } from './context.ts'
import { byteText, table } from './ctl-text.ts'

/** What the commands of `sluice ctl` have in common. */
export interface CtlTools<Target> {
  readonly add: (usage: string, description: string) => Command
  readonly connect: (target: Target) => { readonly client: ControlClient; readonly dataDirectory: string }
  readonly print: <Value>(target: Target, value: Value, asText: (value: Value) => string) => void
}

/** Most rows that one call gives. */
const mostRows = 500

/** `sluice ctl backlog | search | counts | export`: what waits in a channel of a running agent. */
export function addBacklogCommands<Target extends { readonly json?: boolean }>(
  context: CommandLineContext,
  { add, connect, print }: CtlTools<Target>,
): void {
  add('backlog <channel>', 'the events that wait')
    .option('--from <WHERE>', 'oldest, newest, the number of an event, or a time (default: oldest)')
    .option('--backward', 'back in time from there')
    .option('--limit <N>', `at most so many, up to ${mostRows}`, '50')
    .action(async (channel: string, target: Target & BacklogOptions) => {
      const from = readStart(target.from)
      const params = {
        channel,
        from,
        backward: target.backward === true,
        limit: Math.min(mostRows, readLimit(target.limit)),
      }
      const { rows, total } = await connect(target).client.call('backlogPage', params)
      print(target, { rows, total }, () => rows.map(rowLine).join('') || 'nothing waits there\n')
    })

  addBacklogOptions(add('search <channel>', 'the events that wait and match'), '1000').action(
    async (channel: string, target: Target & BacklogOptions) => {
      const from = readStart(target.from)
      const backward = target.backward === true || from === 'newest'
      const params = { channel, query: readBacklogQuery(target), from, backward, limit: readLimit(target.limit) }
      const last = await follow(context, connect(target).client, 'backlogSearch', params, ({ hits }) => {
        for (const row of hits) context.stdout.write(target.json === true ? `${JSON.stringify(row)}\n` : rowLine(row))
      })
      if (target.json !== true && last !== undefined) context.stderr.write(`sluice: ${last.events} events looked at\n`)
    },
  )

  add('counts <channel> <header>', 'how many waiting events have each value of a header')
    .option('--limit <N>', 'at most so many values', '50')
    .action(async (channel: string, header: string, target: Target & { limit: string }) => {
      const params = { channel, header, limit: readLimit(target.limit) }
      const found = await connect(target).client.call('backlogCounts', params)
      print(target, found, ({ values, others, without }) => {
        const rows = values.map(({ value, events }) => [visibleText(value), String(events)])
        rows.push(['(other values)', String(others)], ['(without it)', String(without)])
        return `${table([visibleText(header), 'EVENTS'], rows, [1])}\n`
      })
    })

  addBacklogOptions(add('export <channel>', 'a copy of the events that wait, in a file'), '1')
    .option('--format <FORMAT>', `the form: ${exportFormats.join(', ')}`, 'ndjson')
    .requiredOption('--out <FILE>', 'where to')
    .action(async (channel: string, target: Target & BacklogOptions & { format: string; out: string }) => {
      const format = exportFormats.find((one) => one === target.format)
      if (format === undefined)
        throw new SluiceError('SLUICE_USAGE', `--format ${target.format}: give one of ${exportFormats.join(', ')}`)
      const { client, dataDirectory } = connect(target)
      const params = { channel, query: readBacklogQuery(target), from: readStart(target.from), format }
      const last = await follow(context, client, 'backlogExport', params, () => undefined)
      if (last?.file == null) throw new SluiceError('SLUICE_CONTROL', 'the export ended without a file')
      const out = resolve(context.workingDirectory, target.out)
      try {
        await copyFile(resolve(exportsFolder(dataDirectory), last.file), out)
      } catch (error) {
        throw new SluiceError('SLUICE_FILE', `--out ${out}: ${errorText(error)}`, { cause: error })
      } finally {
        await client.call('removeExport', { file: last.file })
      }
      const { written, writtenBytes } = last
      print(
        target,
        { file: out, written, writtenBytes },
        () => `${written} events, ${byteText(writtenBytes)} written to ${out}\n`,
      )
    })
}

/** Listens to a stream until it ends or Ctrl-C ends it; resolves with its last message. */
async function follow<Name extends SubscriptionName>(
  context: CommandLineContext,
  client: ControlClient,
  name: Name,
  params: SubscriptionParams<Name>,
  listener: (message: SubscriptionMessage<Name>) => void,
): Promise<SubscriptionMessage<Name> | undefined> {
  const { promise, resolve: done, reject } = Promise.withResolvers<undefined>()
  const aborted = () => reject(new SluiceError('SLUICE_ABORTED', 'given up'))
  const forget = context.onSignal(aborted)
  let last: SubscriptionMessage<Name> | undefined
  const end = await client.subscribe(
    name,
    params,
    (message) => {
      last = message
      listener(message)
    },
    (error) =>
      error === undefined ? done(undefined) : reject(error instanceof Error ? error : new Error(errorText(error))),
  )
  try {
    await promise
    return last
  } finally {
    forget()
    end()
  }
}
