import { createSocket } from 'node:dgram'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join, relative } from 'node:path'
import type { AgentParts } from '../agent-file.ts'
import type { PeerProcess } from '../peer-process.ts'
import { loggedEvents } from './logged-events.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Where flows are played: one running agent, its folder and its ports. */
export class Place {
  readonly directory: string
  readonly #ports: ReadonlyMap<string, number>
  #agent: PeerProcess | undefined

  constructor(directory: string, ports: ReadonlyMap<string, number>) {
    this.directory = directory
    this.#ports = ports
  }

  /** The environment in which the references of the configuration resolve. */
  get environment(): Record<string, string> {
    return {
      PLACE: this.directory,
      ...Object.fromEntries([...this.#ports].map(([name, port]) => [`PORT_${name}`, String(port)])),
    }
  }

  set agent(agent: PeerProcess) {
    this.#agent = agent
  }

  port(name: string): number {
    const port = this.#ports.get(name)
    if (port === undefined) throw new Error(`there is no port ${name}`)
    return port
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names)
  }

  /** Makes the folders that components find rather than make. */
  makeFoldersOf({ sources = {}, sinks = {} }: AgentParts): void {
    const values = [
      ...Object.values(sinks).map((settings) => settings['sink.directory']),
      ...Object.values(sources).flatMap(({ spoolDir, 'filegroups.g': group }) => [
        spoolDir,
        typeof group === 'string' ? dirname(group) : undefined,
      ]),
    ]
    for (const value of values)
      if (typeof value === 'string') mkdirSync(value.replace('${env:PLACE}', this.directory), { recursive: true })
  }

  /** Puts a whole file where it is looked for, in one step. */
  write(name: string, content: string | Buffer): void {
    const path = this.path(name)
    mkdirSync(dirname(path), { recursive: true })
    const unfinished = join(this.directory, `unfinished-${Math.random()}`)
    writeFileSync(unfinished, content)
    renameSync(unfinished, path)
  }

  /** Waits until `condition` holds; rejects with `what` after 15 seconds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 15_000
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`in ${this.directory}: no ${what}`)
      await pause(50)
    }
  }

  /** Resolves when the agent listens on the port: its sources start in their own time. */
  async #listening(port: string, table: 'tcp' | 'udp'): Promise<void> {
    const address = `:${this.port(port).toString(16).toUpperCase().padStart(4, '0')}`
    // A socket that listens has no remote port; Java's are IPv6 ones.
    const bound = (line: string) => {
      const [, local = '', remote = ''] = line.trim().split(/\s+/)
      return local.endsWith(address) && remote.endsWith(':0000')
    }
    await this.until(`one listening on ${port}`, () =>
      [table, `${table}6`].some((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n').some(bound)),
    )
  }

  /** Sends `input` over TCP, says that nothing more comes, and resolves with the answer until the peer ends or `silence` passes. */
  async talk(port: string, input: string | Buffer, silence = 5000): Promise<string> {
    await this.#listening(port, 'tcp')
    const socket = connect({ host: '127.0.0.1', port: this.port(port), allowHalfOpen: true })
    const chunks: Buffer[] = []
    await new Promise<void>((resolve) => {
      socket.setTimeout(silence, resolve)
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('end', resolve)
      // A peer that closes with bytes of ours unread resets the connection; what it said before that counts.
      socket.on('error', () => resolve())
      socket.end(input)
    })
    socket.destroy()
    return Buffer.concat(chunks).toString('latin1')
  }

  /** Sends one datagram; resolves with the port it came from. */
  async tell(port: string, input: string): Promise<number> {
    await this.#listening(port, 'udp')
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.send(input, this.port(port), '127.0.0.1', (error) => (error ? reject(error) : resolve()))
    })
    const from = socket.address().port
    await new Promise<void>((resolve) => socket.close(resolve))
    return from
  }

  async request(port: string, options: RequestInit & { path?: string } = {}): Promise<Answer> {
    await this.#listening(port, 'tcp')
    const { path = '/', ...init } = options
    const response = await fetch(`http://127.0.0.1:${this.port(port)}${path}`, init)
    return { status: response.status, body: await response.text() }
  }

  /** As the JSON handler takes them: headers, then body. */
  post(port: string, events: readonly (readonly [Record<string, string>, string])[]): Promise<Answer> {
    const body = JSON.stringify(events.map(([headers, text]) => ({ headers, body: text })))
    return this.request(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  }

  /** The names of all files below `folder`, in order. */
  names(folder: string): string[] {
    const path = this.path(folder)
    if (!existsSync(path)) return []
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)))
      .sort()
  }

  /** All that `file_roll` wrote into `folder`, its files in order. */
  rolled(folder: string): string {
    return this.names(folder)
      .map((name) => readFileSync(this.path(folder, name), 'utf8'))
      .join('')
  }

  /** Waits until `file_roll` has written `count` lines into `folder`. */
  lines(folder: string, count: number): Promise<void> {
    return this.until(`${count} lines in ${folder}`, () => this.rolled(folder).split('\n').length > count)
  }

  /** What the logger sink wrote of the events whose text has `mark`, once there are `count`. */
  async logged(mark: string, count: number): Promise<string[]> {
    const texts = () => loggedEvents(this.#agent?.output ?? '').filter((text) => text.includes(mark))
    await this.until(`${count} events with ${mark} in the log`, () => texts().length >= count)
    return texts()
  }

  /** What taildir's position file below the folder of the run says. */
  positions(folder: string): { inode: number; pos: number; file: string }[] {
    try {
      return JSON.parse(readFileSync(this.path(`${folder}.position.json`), 'utf8')) as ReturnType<Place['positions']>
    } catch {
      // Flume empties the file before it writes it anew.
      return []
    }
  }
}
