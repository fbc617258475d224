import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { fsck } from '../../core/channel/file/fsck.ts'
import { eventually } from '../agent/flow.ts'
import { collectedFiles } from '../integration/collected-lines.ts'
import { LineClient } from '../integration/line-client.ts'
import { SluiceProcess, type SluiceProcessOptions } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'

/**
 * An agent in a process of its own, netcat → file channel → files, and the ledger of the world outside: a line is owed once
 * the agent has said OK to it.
 */
export class AcknowledgedLines {
  readonly #folder: string
  readonly #data: string
  #port = 0
  #agent: SluiceProcess | undefined
  #client: LineClient | undefined
  readonly acknowledged: string[] = []
  /** Asked about and not answered, or refused: may be delivered, and need not. */
  readonly open = new Set<string>()

  /** `data`: where the agent keeps its channel. */
  constructor(folder: string, data = path.join(folder, 'data')) {
    this.#folder = folder
    this.#data = data
  }

  get agent(): SluiceProcess {
    if (this.#agent === undefined) throw new Error('the agent was not started')
    return this.#agent
  }

  /** `more`: further lines of the configuration. */
  async start(options: SluiceProcessOptions = {}, more = ''): Promise<SluiceProcess> {
    this.#port ||= await unusedPort()
    const text = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = ${this.#port}
a.sources.r.channels = c
a.channels.c.type = file
a.channels.c.minimumRequiredSpace = 1048576
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = out
a.sinks.k.sink.batchSize = 20
${more}`
    fs.mkdirSync(path.join(this.#folder, 'out'), { recursive: true })
    fs.writeFileSync(path.join(this.#folder, 'a.properties'), text)
    this.#client?.close()
    this.#client = undefined
    this.#agent = new SluiceProcess(['agent', '-f', 'a.properties', '-n', 'a', '--data-dir', this.#data], {
      ...options,
      directory: this.#folder,
    })
    return this.#agent
  }

  /** Asks once; undefined when no answer came: the connection is then another one. */
  async ask(body = '', milliseconds = 10_000): Promise<string | undefined> {
    const line = `line ${this.acknowledged.length + this.open.size}${body}`
    this.open.add(line)
    try {
      this.#client ??= await LineClient.connect(this.#port, '127.0.0.1', milliseconds)
      const answer = await this.#client.ask(line, milliseconds)
      if (answer === 'OK') {
        this.open.delete(line)
        this.acknowledged.push(line)
      }
      return answer
    } catch {
      this.#client?.close()
      this.#client = undefined
      return undefined
    }
  }

  /** Asks until one is acknowledged; milliseconds that it took. Rejects after ten seconds. */
  async fresh(): Promise<number> {
    const begin = performance.now()
    while ((await this.ask()) !== 'OK') {
      if (performance.now() - begin > 10_000)
        throw new Error(
          `no OK within 10 s; the agent ${this.agent.running ? 'runs' : 'has ended'}: ${this.agent.stderr.slice(-2000)}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return performance.now() - begin
  }

  get written(): string[] {
    return collectedFiles(path.join(this.#folder, 'out')).flatMap((file) =>
      fs.readFileSync(file, 'utf8').split('\n').slice(0, -1),
    )
  }

  /** All that was acknowledged has arrived, in order; nothing else but what was open, and that at most once. Ends the agent. */
  async hold(): Promise<void> {
    const owed = new Set(this.acknowledged)
    await eventually(
      'all acknowledged lines arrive',
      () => this.written.filter((line) => owed.has(line)).length >= owed.size,
      20_000,
    )
    await eventually('nothing waits', () => this.#queued() === 0, 10_000).catch(() => undefined)
    expect(await this.agent.stop()).toMatchObject({ code: 0 })
    const { written } = this
    expect(written.filter((line) => owed.has(line))).toEqual(this.acknowledged)
    const others = written.filter((line) => !owed.has(line))
    expect(others.filter((line) => !this.open.has(line))).toEqual([])
    expect(new Set(others).size).toBe(others.length)
    const report = await fsck(path.join(this.#data, 'channels/c'))
    expect(report).toMatchObject({ ok: true, ledger: { lost: 0 } })
    const { received = -1, delivered = -2 } = report.ledger ?? {}
    expect({ received, delivered }).toEqual({ received: written.length, delivered: written.length })
  }

  #queued(): number {
    const said = [...this.agent.stderr.matchAll(/"queued":(\d+)/g)].at(-1)?.[1]
    return said === undefined ? 0 : Number(said)
  }

  async end(): Promise<void> {
    this.#client?.close()
    await this.#agent?.kill()
  }
}
