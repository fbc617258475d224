/**
 * The contract over HTTP: `POST /call/<name>` with the parameters as JSON answers `{ "result": … }` or
 * `{ "error": { code, message, details } }`; `GET /subscribe/<name>?params=…` answers with server-sent events, one
 * message each. Closing the connection cancels either. Who may come in, and what stands before the path, is the
 * listener's business.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, errorText, isSluiceError, SluiceError } from '../errors.ts'
import type { ControlPort } from './contract.ts'
import { wireError } from './wire-error.ts'

const mostBodyBytes = 1024 * 1024
/** A subscriber that does not read gets no more than this; its connection is closed then. */
const mostUnreadBytes = 4 * 1024 * 1024
/** Keeps proxies and dead connections honest. */
const beatEvery = 15_000

/** An error with the status that HTTP has for it. */
export class HttpRefusal extends SluiceError {
  readonly status: number

  constructor(status: number, code: ErrorCode, message: string) {
    super(code, message)
    this.status = status
  }
}

/** Answers one request of the control contract; `target` is `/call/<name>` or `/subscribe/<name>?params=…`. */
export async function answerControl(
  port: ControlPort,
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const query = target.indexOf('?')
    const path = query === -1 ? target : target.slice(0, query)
    const [, verb, name = '', more] = path.split('/')
    if (more !== undefined || (verb !== 'call' && verb !== 'subscribe'))
      throw new HttpRefusal(404, 'SLUICE_CONTROL', 'ask for /call/<name> or /subscribe/<name>')
    const method = verb === 'call' ? 'POST' : 'GET'
    if (request.method !== method) {
      response.setHeader('allow', method)
      throw new HttpRefusal(405, 'SLUICE_CONTROL', 'POST to /call/<name>, GET /subscribe/<name>')
    }
    if (verb === 'call') await answerCall(port, decodeName(name), request, response)
    else {
      const params = query === -1 ? null : new URLSearchParams(target.slice(query)).get('params')
      await answerSubscription(port, decodeName(name), params, response)
    }
  } catch (error) {
    sendError(response, error)
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
      write(`event: ended\ndata: ${JSON.stringify(error === undefined ? null : wireError(error))}\n\n`)
      response.end()
    },
  )
  // Whoever waits for a first message wants to know that the wait has begun.
  if (!response.headersSent) write(': open\n\n')
  const beat = setInterval(() => write(': beat\n\n'), beatEvery)
  const over = () => {
    clearInterval(beat)
    end()
  }
  if (response.destroyed) over()
  else response.once('close', over)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const tooLarge = () =>
    new HttpRefusal(413, 'SLUICE_CONTROL', `a call takes at most ${mostBodyBytes} bytes of parameters`)
  if (Number(request.headers['content-length'] ?? 0) > mostBodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBodyBytes) throw tooLarge()
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

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new SluiceError('SLUICE_CONTROL', `${text} is not a name as URLs have them`, { cause: error })
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpRefusal) return error.status
  if (isSluiceError(error, 'SLUICE_FORBIDDEN')) return 403
  if (isSluiceError(error, 'SLUICE_CONTROL', 'SLUICE_CONFIG', 'SLUICE_USAGE')) return 400
  return isSluiceError(error) && error.code !== 'SLUICE_INTERNAL' ? 409 : 500
}

/** Answers with an error; an answer that has begun can only be broken off. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  // What is left of a body that nobody reads must not be taken for the next request.
  response.setHeader('connection', 'close')
  sendJson(response, statusOf(error), { error: wireError(error) })
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(text)
}
