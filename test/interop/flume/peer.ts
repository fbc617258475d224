/**
 * A real Apache Flume 1.11 beside our tests: its agent and its RpcClient, from Maven Central by the committed pom, on loopback
 * only. Where Java or Maven is missing, `missing` says so and the tests skip by that name.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Event } from '../../../core/event/event.ts'
import { PeerProcess } from '../peer-process.ts'

const run = promisify(execFile)
const folder = import.meta.dirname
const target = join(folder, 'target')

export interface FlumePeer {
  readonly classPath: string
}

async function answers(command: string, argument: string): Promise<boolean> {
  return run(command, [argument], { timeout: 30_000 }).then(
    () => true,
    () => false,
  )
}

/** The peer, or in words what this machine lacks for it. */
export async function findFlume(): Promise<FlumePeer | string> {
  for (const [command, argument] of [
    ['java', '-version'],
    ['javac', '-version'],
    ['mvn', '--version'],
  ] as const)
    if (!(await answers(command, argument))) return `${command} is not here`
  const classPathFile = join(target, 'classpath')
  const pom = join(folder, 'pom.xml')
  const fresh = existsSync(classPathFile) && (await stat(classPathFile)).mtimeMs > (await stat(pom)).mtimeMs
  if (!fresh) {
    await mkdir(target, { recursive: true })
    const mvn = ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${classPathFile}`]
    try {
      await run('mvn', mvn, { timeout: 600_000 })
    } catch (error) {
      return `Maven could not bring Flume: ${String(error).slice(0, 300)}`
    }
  }
  const classPath = `${(await readFile(classPathFile, 'utf8')).trim()}:${target}`
  const programs = ['LoadClient', 'ContainerReader']
  const compiled = async (program: string) => {
    const made = await stat(join(target, `${program}.class`)).catch(() => undefined)
    return made !== undefined && made.mtimeMs > (await stat(join(folder, `${program}.java`))).mtimeMs
  }
  for (const program of programs)
    if (!(await compiled(program)))
      await run('javac', ['-cp', classPath, '-d', target, join(folder, `${program}.java`)], { timeout: 120_000 })
  return { classPath }
}

/** Different ports that were free a moment ago, for peers that cannot say which port they took. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** Starting soon matters more here than running fast for long. */
const javaOptions = [
  ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  // Java 17 takes its character set from the locale, and a bare machine has none.
  ...['-Dfile.encoding=UTF-8', '-Dsun.jnu.encoding=UTF-8'],
  `-Dlog4j.configurationFile=${join(folder, 'log4j2.xml')}`,
]

/** Starts a Flume agent with `properties` as its configuration file, in `directory`. */
export async function startFlume(
  peer: FlumePeer,
  options: {
    directory: string
    agent: string
    properties: string
    monitoringPort?: number
    environment?: Readonly<Record<string, string>>
  },
): Promise<PeerProcess> {
  const file = join(options.directory, `${options.agent}.properties`)
  await writeFile(file, options.properties)
  const monitoring =
    options.monitoringPort === undefined
      ? []
      : ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${options.monitoringPort}`]
  const child = spawn(
    'java',
    [
      ...javaOptions,
      `-Duser.home=${options.directory}`,
      ...monitoring,
      '-cp',
      peer.classPath,
      'org.apache.flume.node.Application',
      '-n',
      options.agent,
      '-f',
      file,
      '--no-reload-conf',
    ],
    { cwd: options.directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
  )
  return new PeerProcess('Flume', child)
}

/** Events as LoadClient.java reads them. */
export function encodeForLoadClient(events: readonly Event[]): Buffer {
  const parts: Buffer[] = []
  const length = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    parts.push(bytes)
  }
  for (const { headers, body } of events) {
    length(headers.size)
    for (const pair of headers)
      for (const text of pair) {
        const bytes = Buffer.from(text)
        length(bytes.length)
        parts.push(bytes)
      }
    length(body.length)
    parts.push(body)
  }
  return Buffer.concat(parts)
}

/** How many events to send next, and in batches of which size; 0 is Flume's single append. */
export interface LoadPart {
  readonly batchSize: number
  readonly count: number
}

/** Sends `events` to `port` through Flume's RpcClient until all are stored; answers how many tries were refused. */
export async function sendWithFlume(
  peer: FlumePeer,
  events: readonly Event[],
  options: { port: number; parts: readonly LoadPart[]; properties?: Readonly<Record<string, string>> },
): Promise<{ sent: number; refused: number; milliseconds: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-load-'))
  try {
    const client = {
      'client.type': 'DEFAULT',
      hosts: 'h1',
      'hosts.h1': `127.0.0.1:${options.port}`,
      'batch-size': String(Math.max(1, ...options.parts.map(({ batchSize }) => batchSize))),
      ...options.properties,
    }
    const text = Object.entries(client)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
    await writeFile(join(directory, 'client.properties'), text)
    await writeFile(join(directory, 'events'), encodeForLoadClient(events))
    const stdout = await runJava(peer, 'LoadClient', [
      join(directory, 'client.properties'),
      join(directory, 'events'),
      ...options.parts.map(({ batchSize, count }) => `${batchSize}:${count}`),
    ])
    const result = /sent (\d+) refused (\d+) milliseconds (\d+)/.exec(stdout)
    if (!result) throw new Error(`the load client said:\n${stdout.slice(-3000)}`)
    return { sent: Number(result[1]), refused: Number(result[2]), milliseconds: Number(result[3]) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs one of the Java programs beside this file; resolves with what it printed. */
export async function runJava(peer: FlumePeer, program: string, programArguments: readonly string[]): Promise<string> {
  const { stdout } = await run('java', [...javaOptions, '-cp', peer.classPath, program, ...programArguments], {
    timeout: 150_000,
    maxBuffer: 256 << 20,
  })
  return stdout
}
