/**
 * Agents of other kinds that speak no Avro: file -> their buffer on disk -> TCP -> a process that counts lines. They run when
 * their programs are on PATH and are named as absent otherwise.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeLogFile } from './log-file.ts'
import { MeasuredProcess } from './measured-process.ts'
import { warmShare } from './peer-runs.ts'

interface OtherAgent {
  readonly name: string
  readonly command: string
  readonly versionArgument: string
  /** What its buffer promises. */
  readonly promise: string
  /** The text of its configuration for a log and a port; and the arguments that make it read that file. */
  configuration(log: string, port: number, folder: string): string
  arguments(file: string): readonly string[]
}

const agents: readonly OtherAgent[] = [
  {
    name: 'Fluent Bit',
    command: 'fluent-bit',
    versionArgument: '--version',
    promise: 'filesystem buffer, storage.sync full',
    configuration: (log, port, folder) => `[SERVICE]
    flush 0.1
    storage.path ${folder}/buffer
    storage.sync full
[INPUT]
    name tail
    path ${log}
    db ${folder}/tail.db
    read_from_head true
    storage.type filesystem
[OUTPUT]
    name tcp
    match *
    host 127.0.0.1
    port ${port}
    format json_lines
`,
    arguments: (file) => ['-c', file],
  },
  {
    name: 'Vector',
    command: 'vector',
    versionArgument: '--version',
    promise: 'disk buffer, synced every 500 ms',
    configuration: (log, port, folder) => `data_dir: ${folder}
sources:
  in: { type: file, include: ['${log}'], read_from: beginning }
sinks:
  out:
    type: socket
    mode: tcp
    inputs: [in]
    address: 127.0.0.1:${port}
    encoding: { codec: text }
    buffer: { type: disk, max_size: 2000000000, when_full: block }
`,
    arguments: (file) => ['--config', file.replace(/\.conf$/, '.yaml')],
  },
  {
    name: 'rsyslog',
    command: 'rsyslogd',
    versionArgument: '-v',
    promise: 'disk-assisted queue, not synced',
    configuration: (log, port, folder) => `global(workDirectory="${folder}")
module(load="imfile")
input(type="imfile" file="${log}" tag="log")
template(name="line" type="string" string="%msg%\\n")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="line"
  queue.type="LinkedList" queue.filename="buffer" queue.size="100000" queue.saveOnShutdown="on")
`,
    arguments: (file) => ['-n', '-f', file, '-i', `${file}.pid`],
  },
]

/** Lines/s of one agent, from the arrival of `warmShare` of them to the last. */
async function run(agent: OtherAgent, folder: string, log: string, lines: number): Promise<number> {
  mkdirSync(folder, { recursive: true })
  let arrived = 0
  let warmAt = 0
  let endAt = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) arrived++
      if (warmAt === 0 && arrived >= lines * warmShare) warmAt = performance.now()
      if (endAt === 0 && arrived >= lines) endAt = performance.now()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const file = join(folder, 'agent.conf')
  const text = agent.configuration(log, (server.address() as AddressInfo).port, folder)
  for (const name of [file, file.replace(/\.conf$/, '.yaml')]) writeFileSync(name, text)
  const running = new MeasuredProcess(agent.command, agent.arguments(file), { cwd: folder })
  try {
    const deadline = performance.now() + 120_000
    while (endAt === 0) {
      if (performance.now() > deadline || running.child.exitCode !== null)
        throw new Error(`${arrived} of ${lines} lines arrived; it said:\n${running.output.slice(-1000)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return (lines * (1 - warmShare)) / ((endAt - warmAt) / 1000)
  } finally {
    await running.stop('SIGKILL')
    server.close()
  }
}

/** A line of markdown for each agent. */
export async function otherAgents(base: string, lines: number): Promise<string[]> {
  const words = ['', 'Other agents, file → buffer on disk → TCP → null, once each:', '']
  let log: string | undefined
  for (const agent of agents) {
    const version = spawnSync(agent.command, [agent.versionArgument], { encoding: 'utf8' })
    if (version.status !== 0) {
      words.push(`- ${agent.name}: absent, no \`${agent.command}\` on PATH`)
      continue
    }
    if (log === undefined) writeLogFile((log = join(base, 'other.log')), lines)
    const told = version.stdout.split('\n')[0]?.trim() ?? ''
    try {
      const speed = await run(agent, join(base, agent.command), log, lines)
      words.push(`- ${agent.name} (${told}; ${agent.promise}): ${Math.round(speed).toLocaleString('en')} lines/s`)
    } catch (error) {
      words.push(`- ${agent.name} (${told}): did not get through: ${String(error).split('\n')[0] ?? ''}`)
    }
  }
  return words
}
