import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { exportFormats } from '../../backlog/export-formats.ts'
import { visibleText } from '../../backlog/visible-text.ts'
import { exportsFolder } from '../../control/backlog-handlers.ts'
import { errorText, SluiceError } from '../../errors.ts'
import {
  addBacklogOptions,
  type BacklogOptions,
  readBacklogQuery,
  readLimit,
  readStart,
  rowLine,
} from './backlog-options.ts'
import { type CtlAgent, parseCount, parseId, type Target } from './ctl-agent.ts'
import { backlogSummaryText, byteText, eventText, exportsText, table } from './ctl-text.ts'

/** Most rows that one call gives. */
const mostRows = 500

/** `sluice ctl backlog | search | counts | export`: what waits in a channel of a running agent. */
export function addBacklogCommands(ctl: Command, agent: CtlAgent): void {
  const { context } = agent
  const add = (usage: string, description: string) => agent.add(ctl, usage, description)
  const print: CtlAgent['print'] = (target, value, asText) => agent.print(target, value, asText)
  add('backlog <channel>', 'the events that wait')
    .option('--from <WHERE>', 'oldest, newest, the number of an event, or a time (default: oldest)')
    .option('--skip <N>', 'begin at this place instead: so many older ones are left out')
    .option('--summary', 'only how many wait, since when, and the books')
    .option('--backward', 'back in time from there')
    .option('--limit <N>', `at most so many, up to ${mostRows}`, '50')
    .action(async (channel: string, target: Target & BacklogOptions & { skip?: string; summary?: boolean }) => {
      if (target.summary) {
        print(target, await agent.ask(target, 'backlogSummary', { channel }), (one) => backlogSummaryText(channel, one))
        return
      }
      const limit = Math.min(mostRows, readLimit(target.limit))
      const backward = target.backward === true
      const { rows, total } =
        target.skip === undefined
          ? await agent.ask(target, 'backlogPage', { channel, from: readStart(target.from), backward, limit })
          : await agent.ask(target, 'backlogAt', { channel, position: parseCount(target.skip, '--skip'), limit })
      print(target, { rows, total }, () => rows.map(rowLine).join('') || 'nothing waits there\n')
    })

  add('event <channel> <number>', 'one waiting event: its headers, then its body as it is').action(
    async (channel: string, number: string, target: Target) => {
      const params = { channel, number: parseId(number, 'NUMBER', 'sluice ctl backlog') }
      const event = await agent.ask(target, 'backlogEvent', params)
      print(target, event, eventText)
    },
  )

  addBacklogOptions(add('search <channel>', 'the events that wait and match'), '1000').action(
    async (channel: string, target: Target & BacklogOptions) => {
      const from = readStart(target.from)
      const backward = target.backward === true || from === 'newest'
      const params = { channel, query: readBacklogQuery(target), from, backward, limit: readLimit(target.limit) }
      const last = await agent.follow(target, 'backlogSearch', params, ({ hits }) => {
        for (const row of hits) context.stdout.write(target.json === true ? `${JSON.stringify(row)}\n` : rowLine(row))
      })
      if (target.json !== true && last !== undefined) context.stderr.write(`sluice: ${last.events} events looked at\n`)
    },
  )

  add('counts <channel> <header>', 'how many waiting events have each value of a header')
    .option('--limit <N>', 'at most so many values', '50')
    .action(async (channel: string, header: string, target: Target & { limit: string }) => {
      const params = { channel, header, limit: readLimit(target.limit) }
      const found = await agent.ask(target, 'backlogCounts', params)
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
      const params = { channel, query: readBacklogQuery(target), from: readStart(target.from), format }
      const last = await agent.follow(target, 'backlogExport', params, () => undefined)
      if (last?.file == null) throw new SluiceError('SLUICE_CONTROL', 'the export ended without a file')
      const out = resolve(context.workingDirectory, target.out)
      try {
        await copyFile(resolve(exportsFolder(agent.find(target).folder), last.file), out)
      } catch (error) {
        throw new SluiceError('SLUICE_FILE', `--out ${out}: ${errorText(error)}`, { cause: error })
      } finally {
        await agent.ask(target, 'removeExport', { file: last.file })
      }
      const { written, writtenBytes } = last
      print(
        target,
        { file: out, written, writtenBytes },
        () => `${written} events, ${byteText(writtenBytes)} written to ${out}\n`,
      )
    })

  add('exports', 'the finished exports that lie in the agent, the newest first')
    .option('--remove <FILE>', 'remove this one')
    .action(async (target: Target & { readonly remove?: string }) => {
      if (target.remove !== undefined) {
        await agent.ask(target, 'removeExport', { file: target.remove })
        agent.say(target, `${target.remove} is removed`)
        return
      }
      print(target, await agent.ask(target, 'exports', {}), exportsText)
    })
}
