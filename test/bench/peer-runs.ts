/** One run of one agent for each thing that is compared; each in a folder of its own, with a receiver of its own. */
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../interop/flume/peer.ts'
import { CountingReceiver } from './counting-receiver.ts'
import { MeasuredProcess } from './measured-process.ts'
import { batchSize, channelHolds, type PeerAgent, startPeer, taildir } from './peer-agents.ts'

const program = join(import.meta.dirname, 'avro-load.ts')
const patience = 240_000
export const loadConnections = 4
/** Rates count from the arrival of this share of the events: what comes before warms the JVM up. */
export const warmShare = 0.2

const now = () => performance.timeOrigin + performance.now()
const tail = (agent: MeasuredProcess) => () => agent.output.slice(-3000)
const capacityFor = (events: number) => Math.max(1_000_000, Math.ceil(events * 1.2))

/** Events/s from the first `warmShare` of `events` to the last of them. */
async function rate(receiver: CountingReceiver, events: number, agent: MeasuredProcess): Promise<number> {
  const warm = await receiver.reached(Math.ceil(events * warmShare), patience, tail(agent))
  const end = await receiver.reached(events, patience, tail(agent))
  if (receiver.events > events) throw new Error(`${receiver.events} events of ${events} arrived`)
  return (end.events - warm.events) / ((end.at - warm.at) / 1000)
}

export async function tailRun(agent: PeerAgent, folder: string, log: string, lines: number): Promise<number> {
  const receiver = await CountingReceiver.start()
  const [port = 0] = await freePorts(1)
  const flow = { source: taildir(folder, log), to: receiver.port, capacity: capacityFor(lines), port }
  const running = startPeer(agent, folder, flow)
  try {
    return await rate(receiver, lines, running)
  } finally {
    await running.stop('SIGKILL')
    await receiver.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function avroRun(agent: PeerAgent, folder: string, events: number): Promise<number> {
  const receiver = await CountingReceiver.start()
  const [input = 0, port = 0] = await freePorts(2)
  const source = { type: 'avro', bind: '127.0.0.1', port: input }
  const running = startPeer(agent, folder, { source, to: receiver.port, capacity: capacityFor(events), port })
  const load = new MeasuredProcess(process.execPath, [
    program,
    ...[input, events, batchSize, loadConnections].map(String),
  ])
  try {
    return await rate(receiver, events, running)
  } finally {
    await load.stop('SIGKILL')
    await running.stop('SIGKILL')
    await receiver.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The next tier is not there until `lines` wait; then events/s out of the channel. */
export async function outageRun(agent: PeerAgent, folder: string, log: string, lines: number): Promise<number> {
  const [to = 0, port = 0] = await freePorts(2)
  const running = startPeer(agent, folder, { source: taildir(folder, log), to, capacity: capacityFor(lines), port })
  let receiver: CountingReceiver | undefined
  try {
    await channelHolds(running, port, lines, patience)
    receiver = await CountingReceiver.start(to)
    return await rate(receiver, lines, running)
  } finally {
    await running.stop('SIGKILL')
    await receiver?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A channel's folder with a backlog in it, and its agent, which is not running. */
export interface Backlog {
  readonly agent: PeerAgent
  readonly folder: string
  readonly events: number
}

/** Fills a channel with the lines of `log` and kills its agent, as a crash does. */
export async function makeBacklog(agent: PeerAgent, folder: string, log: string, events: number): Promise<Backlog> {
  const [to = 0, port = 0] = await freePorts(2)
  const running = startPeer(agent, folder, { source: taildir(folder, log), to, capacity: capacityFor(events), port })
  try {
    await channelHolds(running, port, events, patience)
  } finally {
    await running.stop('SIGKILL')
  }
  return { agent, folder, events }
}

/** Milliseconds from the start of the process on a backlog to the first event delivered; then the agent ends cleanly. */
export async function restartRun({ agent, folder, events }: Backlog): Promise<number> {
  const receiver = await CountingReceiver.start()
  const [port = 0] = await freePorts(1)
  mkdirSync(join(folder, 'none'), { recursive: true })
  const source = taildir(folder, join(folder, 'none/.*'))
  const start = now()
  const running = startPeer(agent, folder, { source, to: receiver.port, capacity: capacityFor(events), port })
  try {
    return (await receiver.reached(1, patience, tail(running))).at - start
  } finally {
    await running.stop('SIGTERM')
    await receiver.stop()
  }
}

export interface SteadyCost {
  readonly cpuSecondsPerMillion: number
  readonly megabytes: number
}

const tick = 20
const warmUp = 10

/** A file grows by `perSecond` lines for `seconds` after a warm-up; what the agent takes for it, start not counted. */
export async function steadyRun(
  agent: PeerAgent,
  folder: string,
  perSecond: number,
  seconds: number,
): Promise<SteadyCost> {
  const receiver = await CountingReceiver.start()
  const [port = 0] = await freePorts(1)
  mkdirSync(folder, { recursive: true })
  const log = join(folder, 'steady.log')
  writeFileSync(log, '')
  const file = openSync(log, 'a')
  const running = startPeer(agent, folder, {
    ...{ source: taildir(folder, log), to: receiver.port, capacity: capacityFor(0), port },
  })
  let written = 0
  const write = async (during: number) => {
    const lines = (perSecond * tick) / 1000
    const text = `${'a line of a log at a steady rate'.padEnd(112, '.')}\n`.repeat(lines)
    const start = performance.now()
    for (let ticks = 1; ticks * tick <= during * 1000; ticks++) {
      writeSync(file, text)
      written += lines
      const early = start + ticks * tick - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    }
  }
  try {
    await write(warmUp)
    await receiver.reached(written, patience, tail(running))
    const before = running.cost().cpuSeconds
    const from = written
    await write(seconds)
    await receiver.reached(written, patience, tail(running))
    const { cpuSeconds, megabytes } = running.cost()
    return { cpuSecondsPerMillion: ((cpuSeconds - before) / (written - from)) * 1e6, megabytes }
  } finally {
    closeSync(file)
    await running.stop('SIGKILL')
    await receiver.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
