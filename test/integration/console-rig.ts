/** A console on a free port, over one real agent, with a small built page. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from '../../core/agent/agent.ts'
import type { Clock } from '../../core/clock.ts'
import { systemClock } from '../../core/clock.ts'
import { AccessTokens } from '../../core/console/access-tokens.ts'
import { type ConsoleOptions, ConsoleServer } from '../../core/console/console-server.ts'
import { StaticFiles } from '../../core/console/static-files.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { type Log, silentLog } from '../../core/log.ts'
import { flow, testRegistry } from '../agent/flow.ts'

export const fullToken = 'the-token-that-may-do-everything'
export const readToken = 'the-token-that-may-only-look'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  /** The answer's bytes as latin1 text. */
  readonly binary?: boolean
}

export class ConsoleRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-console-'))
  readonly renderer = join(this.directory, 'renderer')
  readonly exports = join(this.directory, 'data', 'exports')
  readonly mostConnections = 256
  readonly #parts = testRegistry()
  #agent: Agent | undefined
  #server: ConsoleServer | undefined
  port = 0
  /** Subscriptions that listen to the agent now. */
  listening = 0

  async start(over: Partial<ConsoleOptions> & { clock?: Clock; log?: Log } = {}): Promise<void> {
    mkdirSync(this.exports, { recursive: true })
    writeFileSync(join(this.directory, 'secret.txt'), 'nobody may read this')
    this.build('Sluice')
    const folder = join(this.directory, 'data')
    const agent = new Agent({
      ...{ config: flow(), registry: this.#parts.registry, log: silentLog },
      ...{ dataDirectory: folder, baseDirectory: folder },
    })
    await agent.start()
    this.#agent = agent
    const onChange = agent.onChange.bind(agent)
    agent.onChange = (listener) => {
      this.listening++
      const end = onChange(listener)
      return () => {
        this.listening--
        end()
      }
    }
    const control = new ControlServer({ agent, log: silentLog })
    this.#server = new ConsoleServer({
      content: {
        host: { agents: () => ['a1'], port: (name) => (name === 'a1' ? control : undefined) },
        exportFolder: (name) => (name === 'a1' ? this.exports : undefined),
        files: new StaticFiles(this.renderer),
        version: '9.9.9',
      },
      tokens: new AccessTokens([
        { secret: fullToken, role: 'configure' },
        { secret: readToken, role: 'read' },
      ]),
      ...{ host: '127.0.0.1', port: 0, names: [], clock: systemClock, log: silentLog },
      ...over,
    })
    this.port = await this.#server.start()
  }

  /** Writes the page as a build does. */
  build(title: string): void {
    mkdirSync(join(this.renderer, 'assets'), { recursive: true })
    writeFileSync(join(this.renderer, 'index.html'), `<!doctype html><html><head><title>${title}</title></head></html>`)
    writeFileSync(join(this.renderer, 'assets', 'index-Ab1_cD-2.js'), `console.log('${'x'.repeat(5000)}')\n`)
    writeFileSync(join(this.renderer, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  }

  get agent(): Agent {
    if (this.#agent === undefined) throw new Error('not started')
    return this.#agent
  }

  get server(): ConsoleServer {
    if (this.#server === undefined) throw new Error('not started')
    return this.#server
  }

  source = (name: string) => this.#parts.source(name)
  sink = (name: string) => this.#parts.sink(name)

  async end(): Promise<void> {
    await this.#server?.stop()
    await this.#agent?.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Sends exactly this path: no client of ours tidies it up. */
  ask(path: string, { method = 'GET', headers = {}, body, binary = false }: Asked = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = request(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: false },
        (response) => {
          let text = ''
          response.setEncoding(binary ? 'latin1' : 'utf8').on('data', (piece: string) => (text += piece))
          response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
          response.once('error', reject)
        },
      )
      asking.once('error', reject)
      asking.end(body)
    })
  }

  /** Asks with a token. */
  asked(path: string, asked: Asked = {}, token = fullToken): Promise<Answer> {
    return this.ask(path, { ...asked, headers: { authorization: `Bearer ${token}`, ...asked.headers } })
  }

  /** A call with these parameters, as the page sends it. */
  call(name: string, params: unknown, token = fullToken): Promise<Answer> {
    return this.asked(
      `/agents/a1/call/${name}`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(params) },
      token,
    )
  }
}

export function errorOf(answer: Answer): { code: string; message: string } {
  return (JSON.parse(answer.text) as { error: { code: string; message: string } }).error
}
