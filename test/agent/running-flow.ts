/** A real agent of a configuration text, in this process, whose log lines a test can read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from '../../core/agent/agent.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import type { Log } from '../../core/log.ts'

export class RunningFlow {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-flow-'))
  readonly lines: string[] = []
  #agent: Agent | undefined

  /** Starts agent `a` of the properties in `text`. */
  async start(text: string): Promise<Agent> {
    const registry = builtinRegistry()
    const { config, findings } = await loadConfig({
      files: [{ path: join(this.directory, 'a.properties'), text }],
      agent: 'a',
      registry,
      environment: {},
      properties: {},
      baseDirectory: this.directory,
    })
    if (!config) throw new Error(findings.map((one) => `${one.line}: ${one.key}: ${one.message}`).join('\n'))
    const data = join(this.directory, 'data')
    const agent = new Agent({ config, registry, dataDirectory: data, baseDirectory: this.directory, log: this.#log() })
    this.#agent = agent
    await agent.start()
    return agent
  }

  #log(): Log {
    const add = (_details: object, message: string) => void this.lines.push(message)
    const log: Log = { debug() {}, info: add, warn: add, error: add, child: () => log }
    return log
  }

  /** The port that the log says a source listens on; 0 until it does. */
  get port(): number {
    for (const line of this.lines) {
      const port = /listening on .*:(\d+)$/.exec(line)?.[1]
      if (port !== undefined) return Number(port)
    }
    return 0
  }

  /** The bodies that the logger sink has printed, as far as they are printable. */
  get bodies(): string[] {
    return this.lines
      .filter((line) => line.startsWith('Event:'))
      .map((line) => / body: (?:(?:[0-9A-F]{2} | {3}){16})?(.*?) ?}$/s.exec(line)?.[1] ?? line)
  }

  async end(): Promise<void> {
    await this.#agent?.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** A source `r` of `type` into memory, printed by a logger sink; `more` are further lines. */
export function toLogger(type: string, more: string): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = ${type}
a.sources.r.channels = c
a.channels.c.type = memory
a.channels.c.capacity = 10000
a.channels.c.transactionCapacity = 1000
a.sinks.k.type = logger
a.sinks.k.channel = c
${more}`
}
