import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { HttpRefusal, sendError } from '../control/http-carrier.ts'
import { endsDeadPeers } from '../dead-peers.ts'
import { isSluiceError, systemCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { createServer } from '../node-http.ts'
import { listen } from '../source/listen.ts'
import type { AccessTokens } from './access-tokens.ts'
import { watchCertificate } from './certificate-watch.ts'
import { ConnectionLimit } from './connection-limit.ts'
import { ConsoleGate } from './console-gate.ts'
import { answerConsole, type ConsoleContent } from './console-routes.ts'
import type { ConsoleTls } from './console-tls.ts'
import { setSecurityHeaders } from './content-policy.ts'
import { FailedAttempts } from './failed-attempts.ts'
import { HostNames } from './host-names.ts'
import { sendPage } from './plain-page.ts'
import { requestTarget } from './request-target.ts'
import { SessionCookie } from './session-cookie.ts'

export interface ConsoleLimits {
  /** Connections at a time; a subscription is one for as long as it lasts. */
  readonly connections: number
  /** Milliseconds in which a request's head must have come, and all of it. */
  readonly headTime: number
  readonly requestTime: number
}

const usualLimits: ConsoleLimits = { connections: 256, headTime: 10_000, requestTime: 30_000 }

const tlsOptions = ({ key, cert }: ConsoleTls) => ({ key, cert, minVersion: 'TLSv1.2' as const })

export interface ConsoleOptions {
  readonly content: Omit<ConsoleContent, 'log'>
  readonly tokens: AccessTokens
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** More names under which it may be asked, as `NAME` or `NAME:PORT`. */
  readonly names: readonly string[]
  readonly tls?: ConsoleTls | undefined
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<ConsoleLimits>
}

interface Guards {
  readonly names: HostNames
  readonly gate: ConsoleGate
}

/** The web console: the window in a browser, for whoever has a token, and the control contract behind it. */
export class ConsoleServer {
  readonly #options: ConsoleOptions
  readonly #connections: ConnectionLimit
  readonly #server: Server
  readonly #over = new AbortController()
  #renew: (tls: ConsoleTls) => void = () => undefined
  #certificateWatch: Promise<void> | undefined
  #guards: Guards | undefined

  constructor(options: ConsoleOptions) {
    const { tls, clock, log } = options
    const limits = { ...usualLimits, ...options.limits }
    this.#options = options
    this.#connections = new ConnectionLimit(limits.connections, clock, log)
    const settings = {
      headersTimeout: limits.headTime,
      requestTimeout: limits.requestTime,
      connectionsCheckingInterval: Math.min(1000, limits.headTime),
      noDelay: true,
      ...endsDeadPeers,
    }
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    if (tls) {
      const server = createTlsServer({ ...settings, ...tlsOptions(tls), handshakeTimeout: limits.headTime }, listener)
      server.on('secureConnection', (socket: Socket) => this.#connections.joined(socket))
      server.on('tlsClientError', (error: Error) => log.debug({ error }, 'a TLS handshake with the console failed'))
      this.#renew = (renewed) => server.setSecureContext(tlsOptions(renewed))
      this.#server = server
    } else this.#server = createServer(settings, listener)
    this.#server.on('connection', (socket: Socket) => this.#connections.joined(socket))
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.open
  }

  /** Resolves with the port that it listens on; rejects with `SLUICE_LISTEN`. */
  async start(): Promise<number> {
    const { host, tokens, tls, names, clock, log } = this.#options
    // `localhost` may lead elsewhere by a line in a hosts file.
    await listen(this.#server, host === 'localhost' ? '127.0.0.1' : host, this.#options.port)
    this.#server.on('error', (error) => log.error({ error }, 'the console has a problem with its port'))
    const { port } = this.#server.address() as AddressInfo
    let certificate = tls?.certificate
    if (tls)
      this.#certificateWatch = watchCertificate(
        tls,
        (renewed) => {
          this.#renew(renewed)
          certificate = renewed.certificate
        },
        { clock, log, signal: this.#over.signal },
      )
    const sessions = new SessionCookie(tokens, clock, port, tls !== undefined)
    this.#guards = {
      names: new HostNames({ host, port, names, certificate: () => certificate }),
      gate: new ConsoleGate({ tokens, sessions, attempts: new FailedAttempts(clock), log }),
    }
    return port
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#certificateWatch
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#connections.closeAll()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.once('close', this.#connections.working(request.socket))
    setSecurityHeaders(response)
    const { content, log } = this.#options
    try {
      if (this.#guards === undefined) throw new HttpRefusal(503, 'SLUICE_CONTROL', 'the console is not ready yet')
      const { names, gate } = this.#guards
      if (!names.allows(request.headers.host)) {
        misdirected(request, response)
        return
      }
      const target = requestTarget(request.url)
      const role = await gate.admit(target, request, response)
      if (role === undefined) return
      this.#connections.vouched(request.socket, role)
      await answerConsole({ ...content, log }, target, role, request, response)
    } catch (error) {
      if (!isSluiceError(error) && !clientGone(error))
        log.error({ error, path: request.url?.split('?')[0] }, 'the console could not answer a request')
      sendError(response, error)
    }
  }
}

function misdirected(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close')
  sendPage(response, {
    status: 421,
    title: 'Not under this name',
    text: [
      `This console does not answer to "${request.headers.host ?? ''}": another site could have led your browser here.`,
      'Take the address that the agent printed at its start, with the same port also through a tunnel. For another name ' +
        'start the agent with --console-name NAME.',
    ],
  })
}

/** Whoever hangs up in the middle is no error of ours. */
function clientGone(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'].includes(systemCode(error) ?? '')
}
