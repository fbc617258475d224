/**
 * File -> durable channel -> Avro -> null, in two processes, against a bare pipe of two processes on the same file: the pipe
 * reads, splits into lines and writes to a socket, with no durability and no acknowledgement. Both are timed from the first arrival
 * to the last, so that neither pays for starting a process. A B A B, medians.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MeasuredProcess } from './measured-process.ts'
import { median, type Figure } from './report.ts'
import { writeLogFile } from './log-file.ts'

const root = join(import.meta.dirname, '../..')
const sluice = join(root, 'core/cli/sluice.ts')
const barePipe = join(import.meta.dirname, 'bare-pipe.ts')

interface Run {
  readonly linesPerSecond: number
  readonly cpuSecondsPerMillion: number
  readonly peakMegabytes: number
}

async function pipeRun(file: string, lines: number, form: 'views' | 'blocks'): Promise<Run> {
  const receiver = new MeasuredProcess(process.execPath, [barePipe, 'receive'])
  const port = (await receiver.printed(/port (\d+)/))[1] ?? ''
  const sender = new MeasuredProcess(process.execPath, [barePipe, 'send', file, port, form])
  await receiver.printed(/first/)
  const start = performance.now()
  const counted = Number((await receiver.printed(/lines (\d+)/))[1])
  const seconds = (performance.now() - start) / 1000
  await Promise.all([sender.stop(), receiver.stop()])
  if (counted !== lines) throw new Error(`the pipe counted ${counted} of ${lines} lines`)
  return { linesPerSecond: lines / seconds, cpuSecondsPerMillion: NaN, peakMegabytes: NaN }
}

async function metrics(port: number): Promise<Record<string, Record<string, string>>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  return (await answer.json()) as Record<string, Record<string, string>>
}

async function relayRun(file: string, lines: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const ports = { avro: 20_000 + (process.pid % 10_000), receiver: 31_000 + (process.pid % 10_000) }
  const agent = (name: string, configuration: string) => {
    writeFileSync(join(folder, `${name}.properties`), configuration)
    return new MeasuredProcess(process.execPath, [
      ...[sluice, 'agent', '-n', name, '-f', join(folder, `${name}.properties`)],
      ...['--data-dir', join(folder, name), '--no-reload-conf'],
      ...['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${name === 'receiver' ? ports.receiver : 0}`],
    ])
  }
  const receiver = agent(
    'receiver',
    `receiver.sources = in
receiver.channels = c
receiver.sinks = out
receiver.sources.in.type = avro
receiver.sources.in.bind = 127.0.0.1
receiver.sources.in.port = ${ports.avro}
receiver.sources.in.channels = c
receiver.channels.c.type = memory
receiver.channels.c.capacity = 100000
receiver.channels.c.transactionCapacity = 10000
receiver.sinks.out.type = null
receiver.sinks.out.channel = c
receiver.sinks.out.batchSize = 10000
`,
  )
  const received = async () => Number((await metrics(ports.receiver))['SOURCE.in']?.['EventAcceptedCount'] ?? 0)
  const deadline = performance.now() + 120_000
  try {
    for (;;) {
      try {
        await received()
        break
      } catch (error) {
        if (performance.now() > deadline || receiver.child.exitCode !== null)
          throw new Error(`the receiver does not answer:\n${receiver.output}`, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const receiverBefore = receiver.cost().cpuSeconds
    const sender = agent(
      'sender',
      `sender.sources = in
sender.channels = c
sender.sinks = out
sender.sources.in.type = taildir
sender.sources.in.filegroups = f
sender.sources.in.filegroups.f = ${file}
sender.sources.in.batchSize = 5000
sender.sources.in.channels = c
sender.channels.c.type = file
sender.channels.c.capacity = 100000000
sender.sinks.out.type = avro
sender.sinks.out.hostname = 127.0.0.1
sender.sinks.out.port = ${ports.avro}
sender.sinks.out.batch-size = 5000
sender.sinks.out.channel = c
`,
    )
    let start = 0
    for (;;) {
      const events = await received()
      if (events > 0 && start === 0) start = performance.now()
      if (events === lines) break
      if (events > lines) throw new Error(`${events} events of ${lines} lines arrived`)
      if (performance.now() > deadline || sender.child.exitCode !== null)
        throw new Error(
          `${events} of ${lines} arrived:\n${sender.output.slice(-3000)}\n${receiver.output.slice(-3000)}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const seconds = (performance.now() - start) / 1000
    const costs = [sender.cost(), receiver.cost()] as const
    await Promise.all([sender.stop(), receiver.stop()])
    return {
      linesPerSecond: lines / seconds,
      cpuSecondsPerMillion: ((costs[0].cpuSeconds + costs[1].cpuSeconds - receiverBefore) / lines) * 1e6,
      peakMegabytes: costs[0].peakMegabytes,
    }
  } finally {
    await receiver.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `millions` of 113-byte lines; each variant `rounds` times in turn. */
export async function endToEnd(millions: number, rounds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-log-'))
  const file = join(folder, 'access.log')
  const lines = millions * 1_000_000
  const views: number[] = []
  const blocks: number[] = []
  const relay: Run[] = []
  try {
    writeLogFile(file, lines)
    for (let round = 0; round < rounds; round++) {
      views.push((await pipeRun(file, lines, 'views')).linesPerSecond)
      relay.push(await relayRun(file, lines))
      blocks.push((await pipeRun(file, lines, 'blocks')).linesPerSecond)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const speed = median(relay.map((run) => run.linesPerSecond))
  const perSecond = (value: number) => `${(value / 1e6).toFixed(2)} M lines/s`
  return [
    {
      name: 'file -> file channel -> Avro -> null',
      value: perSecond(speed),
      against: `bare pipe, a view per line: ${perSecond(median(views))}`,
      ratio: speed / median(views),
      target: '>= 0.5',
    },
    {
      name: 'the same',
      value: perSecond(speed),
      against: `bare pipe, whole blocks: ${perSecond(median(blocks))}`,
      ratio: speed / median(blocks),
      target: '',
    },
    {
      name: 'CPU of both tiers, a million lines',
      value: `${median(relay.map((run) => run.cpuSecondsPerMillion)).toFixed(2)} s`,
      against: '',
      ratio: undefined,
      target: '',
    },
    {
      name: 'peak resident set of the sending tier',
      value: `${median(relay.map((run) => run.peakMegabytes)).toFixed(0)} MB`,
      against: '',
      ratio: undefined,
      target: '',
    },
  ]
}
