import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorText, SluiceError, systemCode } from '../errors.ts'
import { componentMetrics, type MetricsSource } from './component-metrics.ts'
import { flumeJson } from './flume-json.ts'
import { prometheusText, prometheusType } from './prometheus.ts'
import { createServer } from '../node-http.ts'

export interface MonitoringOptions {
  readonly agent: string
  /** 0: any free one. */
  readonly port: number
  /** Loopback unless the operator says otherwise. */
  readonly host?: string
  /** What there is to tell at this moment. */
  readonly metrics: () => MetricsSource
}

/** Flume's monitoring port (`-Dflume.monitoring.type=http`): `/metrics` as JSON, `/metrics/prometheus` as text. */
export class MonitoringServer {
  readonly #options: MonitoringOptions
  readonly #server: Server

  constructor(options: MonitoringOptions) {
    this.#options = options
    this.#server = createServer((request, response) => this.#answer(request, response))
    // Nobody needs many or slow connections for this.
    this.#server.maxConnections = 64
    this.#server.requestTimeout = 10_000
  }

  /** Resolves with the address that it listens on; rejects with `SLUICE_LISTEN`. */
  start(): Promise<{ host: string; port: number }> {
    const { host = '127.0.0.1', port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        const taken = systemCode(error) === 'EADDRINUSE'
        reject(
          new SluiceError(
            'SLUICE_LISTEN',
            `the monitoring port ${host}:${port} ${taken ? 'is in use: give another' : `failed: ${errorText(error)}`}`,
            { cause: error, details: { host, port } },
          ),
        )
      })
      this.#server.listen(port, host, () => {
        const address = this.#server.address() as AddressInfo
        resolve({ host: address.address, port: address.port })
      })
    })
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '/' } = request
    const path = (url.split('?')[0] ?? '/').toLowerCase()
    if (method === 'TRACE' || method === 'OPTIONS') send(response, 403, 'text/plain', 'forbidden\n')
    else if (method !== 'GET' && method !== 'HEAD') send(response, 405, 'text/plain', 'only GET is answered\n')
    else if (path === '/metrics' && !wantsText(request)) {
      const body = JSON.stringify(flumeJson(componentMetrics(this.#options.metrics())))
      send(response, 200, 'application/json;charset=utf-8', body)
    } else if (path === '/metrics' || path === '/metrics/prometheus')
      send(
        response,
        200,
        prometheusType,
        prometheusText(componentMetrics(this.#options.metrics()), this.#options.agent),
      )
    else if (path === '/') send(response, 200, 'text/html;charset=utf-8', '<a href="/metrics">Metrics</a>\n')
    else send(response, 404, 'text/plain', 'not found: ask for /metrics or /metrics/prometheus\n')
  }
}

/** Prometheus names its own types in Accept; whoever takes anything gets Flume's JSON. */
function wantsText(request: IncomingMessage): boolean {
  const accept = request.headers.accept ?? ''
  return !accept.includes('application/json') && /openmetrics-text|text\/plain;\s*version=/.test(accept)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
