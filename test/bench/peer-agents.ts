/** The agents that are measured side by side: the same configuration file for each, but for its channel. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Settings, straightFlow } from '../interop/agent-file.ts'
import { findFlume } from '../interop/flume/peer.ts'
import { MeasuredProcess } from './measured-process.ts'
import { builtSluice } from './window-agent.ts'

const log4j = join(import.meta.dirname, '../interop/flume/log4j2.xml')

export const batchSize = 1000
export const transactionCapacity = 10_000
export const javaHeap = '-Xmx1g'

export interface PeerAgent {
  readonly name: string
  /** What waits in it survives a kill. */
  readonly durable: boolean
  /** The command line, for an agent `a` with this configuration file, that answers `/metrics` on `port`. */
  command(folder: string, file: string, port: number): readonly [command: string, args: readonly string[]]
  /** The channel's settings for an agent at home in `folder`. */
  channel(folder: string, capacity: number): Settings
}

const monitoring = (port: number) => ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`]

const sluice: PeerAgent = {
  name: 'Sluice, file channel',
  durable: true,
  command: (folder, file, port) => [
    process.execPath,
    [
      ...[builtSluice, 'agent', '-n', 'a', '-f', file, '--no-reload-conf'],
      ...['--data-dir', join(folder, 'data'), ...monitoring(port)],
    ],
  ],
  channel: (_, capacity) => ({ type: 'file', capacity, transactionCapacity }),
}

/** Sluice and Flume with its two channels; in words what is missing for Flume. */
export async function peerAgents(): Promise<readonly PeerAgent[] | string> {
  const flume = await findFlume()
  if (typeof flume === 'string') return flume
  const command: PeerAgent['command'] = (folder, file, port) => [
    'java',
    [
      ...[javaHeap, `-Dlog4j.configurationFile=${log4j}`, `-Duser.home=${folder}`, ...monitoring(port)],
      ...['-cp', flume.classPath, 'org.apache.flume.node.Application', '-n', 'a', '-f', file, '--no-reload-conf'],
    ],
  ]
  return [
    sluice,
    {
      name: 'Flume, file channel',
      durable: true,
      command,
      channel: (folder, capacity) => ({
        ...{ type: 'file', capacity, transactionCapacity },
        ...{ checkpointDir: join(folder, 'checkpoint'), dataDirs: join(folder, 'data') },
      }),
    },
    {
      name: 'Flume, memory channel',
      durable: false,
      command,
      channel: (_, capacity) => ({ type: 'memory', capacity, transactionCapacity }),
    },
  ]
}

export interface PeerFlow {
  readonly source: Settings
  /** The port of the next tier. */
  readonly to: number
  readonly capacity: number
  /** Of `/metrics`. */
  readonly port: number
}

/** Starts `agent` in `folder` with one source, its channel, and an Avro sink. */
export function startPeer(agent: PeerAgent, folder: string, { source, to, capacity, port }: PeerFlow): MeasuredProcess {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'a.properties')
  const sink = { type: 'avro', hostname: '127.0.0.1', port: to, 'batch-size': batchSize }
  writeFileSync(file, straightFlow('a', { source, channel: agent.channel(folder, capacity), sink }))
  const [command, args] = agent.command(folder, file, port)
  return new MeasuredProcess(command, args, { cwd: folder })
}

export const taildir = (folder: string, log: string): Settings => ({
  ...{ type: 'taildir', filegroups: 'f', 'filegroups.f': log },
  ...{ positionFile: join(folder, 'positions.json'), batchSize },
})

/** Waits until `events` lie in the channel, by the agent's own count. */
export async function channelHolds(
  agent: MeasuredProcess,
  port: number,
  events: number,
  milliseconds: number,
): Promise<void> {
  const deadline = performance.now() + milliseconds
  for (;;) {
    const size = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      async (answer) => {
        const metrics = (await answer.json()) as Record<string, Record<string, string>>
        return Number(metrics['CHANNEL.c']?.ChannelSize ?? 0)
      },
      () => 0,
    )
    if (size >= events) return
    if (performance.now() > deadline || agent.child.exitCode !== null)
      throw new Error(`${size} of ${events} events are in the channel:\n${agent.output.slice(-3000)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
