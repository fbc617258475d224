/**
 * Sluice beside Apache Flume 1.11 with its file channel and its memory channel: the same input, the same settings, the same receiver,
 * on this machine, in turn. A markdown table with medians, spread and ratios.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { otherAgents } from './other-agents.ts'
import { writeLogFile } from './log-file.ts'
import { batchSize, javaHeap, type PeerAgent, peerAgents, transactionCapacity } from './peer-agents.ts'
import * as runs from './peer-runs.ts'
import { median } from './report.ts'
import { buildSluice } from './window-agent.ts'

export interface PeersOptions {
  /** Millions of events of the throughput rows. */
  readonly millions: number
  readonly rounds: number
  /** Size of the backlog that agents are restarted on. */
  readonly gigabytes: number
}

interface Row {
  readonly name: string
  readonly unit: string
  readonly digits: number
  /** More is better, so the ratio is ours to theirs; otherwise theirs to ours. */
  readonly more: boolean
  readonly target: string
  readonly values: Map<PeerAgent, number[]>
}

const steadyRate = 10_000
const steadySeconds = 15
const longLine = 1000

/** Runs `one` for each agent in turn, `rounds` times; a different agent begins each round. */
async function inTurn(
  agents: readonly PeerAgent[],
  rounds: number,
  one: (agent: PeerAgent) => Promise<readonly number[]>,
  ...rows: readonly Omit<Row, 'values'>[]
): Promise<Row[]> {
  const filled = rows.map((row): Row => ({ ...row, values: new Map(agents.map((agent) => [agent, []])) }))
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < agents.length; turn++) {
      const agent = agents[(round + turn) % agents.length]
      if (agent === undefined) continue
      const values = await one(agent)
      values.forEach((value, index) => filled[index]?.values.get(agent)?.push(value))
      const words = values.map((value, index) => `${value.toFixed(rows[index]?.digits)} ${rows[index]?.unit ?? ''}`)
      console.error(`${rows[0]?.name ?? ''}; ${agent.name}: ${words.join(', ')}`)
    }
  return filled
}

function cell(values: readonly number[] | undefined, digits: number): string {
  if (values === undefined || values.length === 0) return '–'
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  if (values.length === 1) return text(median(values))
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`
}

function table(agents: readonly PeerAgent[], rows: readonly Row[]): string {
  const [own, ...others] = agents
  const head = ['', own?.name ?? '', ...others.flatMap(({ name }) => [name, 'ratio']), 'target']
  const lines = rows.map(({ name, unit, digits, more, target, values }) => {
    const ours = own && values.get(own)
    const cells = others.flatMap((agent) => {
      const theirs = values.get(agent)
      if (ours === undefined || theirs === undefined || theirs.length === 0) return ['–', '']
      const ratio = more ? median(ours) / median(theirs) : median(theirs) / median(ours)
      return [cell(theirs, digits), `${ratio.toFixed(1)}×`]
    })
    return [`${name}, ${unit}`, cell(ours, digits), ...cells, target]
  })
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)))
  const text = (row: readonly string[]) => `| ${row.map((one, at) => one.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [text(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.map(text)].join('\n')
}

function version(command: string, argument: string): string {
  const out = execFileSync('sh', ['-c', `${command} ${argument} 2>&1`], { encoding: 'utf8' })
  return out.split('\n')[0]?.trim() ?? ''
}

/** The table and what it was measured with, as markdown. */
export async function peers({ millions, rounds, gigabytes }: PeersOptions): Promise<string> {
  const agents = await peerAgents()
  if (typeof agents === 'string') throw new Error(`there is no Flume to compare with: ${agents}`)
  buildSluice()
  const base = mkdtempSync(join(tmpdir(), 'sluice-bench-peers-'))
  let count = 0
  const folder = () => join(base, `run${count++}`)
  const log = join(base, 'access.log')
  const lines = Math.round(millions * 1_000_000)
  const rows: Row[] = []
  const rate = { unit: 'events/s', digits: 0, more: true, target: '≥ 5× Flume’s file channel' }
  try {
    writeLogFile(log, lines)
    const tail = async (agent: PeerAgent) => [await runs.tailRun(agent, folder(), log, lines)]
    rows.push(...(await inTurn(agents, rounds, tail, { name: 'file → channel → Avro → null', ...rate })))
    const avro = async (agent: PeerAgent) => [await runs.avroRun(agent, folder(), lines)]
    rows.push(...(await inTurn(agents, rounds, avro, { name: 'Avro → channel → Avro', ...rate })))
    const outage = async (agent: PeerAgent) => [await runs.outageRun(agent, folder(), log, lines)]
    rows.push(...(await inTurn(agents, rounds, outage, { name: 'drain after an outage', ...rate })))
    rmSync(log)

    const durable = agents.filter((agent) => agent.durable)
    const backlogs = new Map<PeerAgent, runs.Backlog>()
    const events = Math.ceil((gigabytes * 1e9) / longLine)
    writeLogFile(log, events, 0, longLine)
    for (const agent of durable) backlogs.set(agent, await runs.makeBacklog(agent, folder(), log, events))
    const restart = async (agent: PeerAgent) => {
      const backlog = backlogs.get(agent)
      return backlog === undefined ? [] : [await runs.restartRun(backlog)]
    }
    const start = { unit: 'ms', digits: 0, more: false, target: '≥ 50×' }
    const killed = { name: `start to first event, ${gigabytes} GB waiting, after a kill`, ...start }
    rows.push(...(await inTurn(durable, 1, restart, killed)))
    const clean = { name: `start to first event, ${gigabytes} GB waiting, after a clean stop`, ...start }
    rows.push(...(await inTurn(durable, rounds, restart, clean)))
    for (const backlog of backlogs.values()) rmSync(backlog.folder, { recursive: true, force: true })

    const steady = async (agent: PeerAgent) => {
      const cost = await runs.steadyRun(agent, folder(), steadyRate, steadySeconds)
      return [cost.cpuSecondsPerMillion, cost.megabytes]
    }
    const at = `at ${steadyRate.toLocaleString('en')} events/s`
    rows.push(
      ...(await inTurn(
        agents,
        Math.min(2, rounds),
        steady,
        { name: `CPU for a million events ${at}`, unit: 's', digits: 2, more: false, target: '' },
        { name: `resident set ${at}`, unit: 'MB', digits: 0, more: false, target: '' },
      )),
    )
    const foreign = await otherAgents(base, lines)
    return [
      table(agents, rows),
      '',
      'Medians (smallest–largest); a ratio above 1 is in favour of Sluice.',
      ...foreign,
      '',
      `Node ${process.version}; ${version('java', '-version')}; Apache Flume 1.11.0 with ${javaHeap}; Linux ${release()}, ` +
        `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB.`,
      `All agents run in turn with the same configuration file, but for the type of the channel: batches of ${batchSize} in the`,
      `source and the sink, transactionCapacity ${transactionCapacity}, a capacity that all events fit into, Flume’s checkpoints as`,
      'by default. Lines of 113 bytes from a file, events of 200 bytes over ' +
        `${runs.loadConnections} Avro connections from one load generator,`,
      `lines of ${longLine} bytes for the restart. The same receiver counts and throws away. Rates count from the arrival of the first ${runs.warmShare * 100} % to the last event, so`,
      'that no agent pays for its start or for the warming up of its JVM. `null` is that receiver. Flume’s memory channel loses what waits when it is killed.',
    ].join('\n')
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}
