/**
 * The contract over HTTP: `POST /call/<name>` with the parameters as JSON answers `{ "result": … }` or
 * `{ "error": { code, message, details } }`; `GET /subscribe/<name>?params=…` answers with server-sent events, one
 * message each. Closing the connection cancels either. Who may come in is the listener's business.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorText, isSluiceError, SluiceError } from '../errors.ts'
import type { ControlPort } from './contract.ts'

const mostBodyBytes = 1024 * 1024
/** A subscriber that does not read gets no more than this; its connection is closed then. */
const mostUnreadBytes = 4 * 1024 * 1024
/** Keeps proxies and dead connections honest. */
const beatEvery = 15_000

export interface WireError {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** Answers one request of the control contract. */
export async function answerControl(
  port: ControlPort,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://control')
    const [, verb, name = '', more] = url.pathname.split('/')
    if (more !== undefined || (verb !== 'call' && verb !== 'subscribe')) {
      sendError(response, 404, new SluiceError('SLUICE_CONTROL', 'ask for /call/<name> or /subscribe/<name>'))
    } else if (request.method !== (verb === 'call' ? 'POST' : 'GET')) {
      sendError(response, 405, new SluiceError('SLUICE_CONTROL', 'POST to /call/<name>, GET /subscribe/<name>'))
    } else if (verb === 'call') await answerCall(port, decodeURIComponent(name), request, response)
    else await answerSubscription(port, decodeURIComponent(name), url.searchParams.get('params'), response)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else sendError(response, statusOf(error), error)
  }
}

async function answerCall(
  port: ControlPort,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const params = parseJson(await readBody(request))
  const cancelled = new AbortController()
  response.once('close', () => cancelled.abort())
  const result = await port.call(name, params, cancelled.signal)
  sendJson(response, 200, { result })
}

async function answerSubscription(
  port: ControlPort,
  name: string,
  params: string | null,
  response: ServerResponse,
): Promise<void> {
  const write = (text: string) => {
    if (response.destroyed) return
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(text)
    if (response.writableLength > mostUnreadBytes) response.destroy()
  }
  const end = await port.subscribe(
    name,
    parseJson(params ?? ''),
    (message) => write(`data: ${JSON.stringify(message)}\n\n`),
    (error) => {
      write(`event: ended\ndata: ${JSON.stringify(wireError(error))}\n\n`)
      response.end()
    },
  )
  const beat = setInterval(() => write(': beat\n\n'), beatEvery)
  const over = () => {
    clearInterval(beat)
    end()
  }
  if (response.destroyed) over()
  else response.once('close', over)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBodyBytes)
      throw new SluiceError('SLUICE_CONTROL', `a call takes at most ${mostBodyBytes} bytes of parameters`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SluiceError('SLUICE_CONTROL', `the parameters are not JSON: ${errorText(error)}`, { cause: error })
  }
}

function statusOf(error: unknown): number {
  if (isSluiceError(error, 'SLUICE_CONTROL', 'SLUICE_CONFIG', 'SLUICE_USAGE')) return 400
  return isSluiceError(error) && error.code !== 'SLUICE_INTERNAL' ? 409 : 500
}

function wireError(error: unknown): WireError {
  if (isSluiceError(error)) return { code: error.code, message: error.message, details: error.details }
  return { code: 'SLUICE_INTERNAL', message: 'something unforeseen happened', details: {} }
}

function sendError(response: ServerResponse, status: number, error: unknown): void {
  // What is left of a body that nobody reads must not be taken for the next request.
  response.setHeader('connection', 'close')
  sendJson(response, status, { error: wireError(error) })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
