import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { errorText, SluiceError, systemCode } from '../errors.ts'
import type { ControlPort } from './contract.ts'
import { SseReader } from './sse-reader.ts'
import { fromWire, wireErrorSchema } from './wire-error.ts'
import { request as httpRequest } from '../node-http.ts'

const answerBody = z.union([z.object({ error: wireErrorSchema }), z.object({ result: z.unknown() })])

/** The caller's end of the contract over a Unix socket. */
export class SocketPort implements ControlPort {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  async call(name: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const response = await this.#send('POST', `/call/${encodeURIComponent(name)}`, JSON.stringify(params ?? {}), signal)
    const answer = answerBody.parse(JSON.parse(await readText(response)))
    if ('error' in answer) throw fromWire(answer.error)
    return answer.result
  }

  async subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    const over = new AbortController()
    const query = new URLSearchParams({ params: JSON.stringify(params ?? {}) })
    const response = await this.#send(
      'GET',
      `/subscribe/${encodeURIComponent(name)}?${query.toString()}`,
      undefined,
      over.signal,
    )
    if (response.statusCode !== 200) {
      const answer = answerBody.parse(JSON.parse(await readText(response)))
      throw 'error' in answer ? fromWire(answer.error) : new SluiceError('SLUICE_CONTROL', 'no subscription')
    }
    let end = (error: unknown) => {
      end = () => undefined
      if (!over.signal.aborted) ended(error)
    }
    const reader = new SseReader((event, data) => {
      const value: unknown = JSON.parse(data)
      if (event === 'ended') end(value === null ? undefined : fromWire(wireErrorSchema.parse(value)))
      else listener(value)
    })
    response.setEncoding('utf8')
    response.on('data', (text: string) => reader.push(text))
    response.once('close', () => end(new SluiceError('SLUICE_CONTROL', 'the agent ended the connection')))
    response.on('error', () => undefined)
    return () => over.abort()
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' }
      const request = httpRequest(
        { socketPath: this.#socket, method, path, headers, agent: false, ...(signal ? { signal } : {}) },
        resolve,
      )
      request.once('error', (error) => {
        const gone = systemCode(error) === 'ENOENT' || systemCode(error) === 'ECONNREFUSED'
        reject(
          signal?.aborted
            ? new SluiceError('SLUICE_ABORTED', 'the call was given up')
            : new SluiceError(
                'SLUICE_CONTROL',
                gone
                  ? `no agent answers at ${this.#socket}: it does not run any more`
                  : `the agent at ${this.#socket} cannot be spoken to: ${errorText(error)}`,
                { cause: error },
              ),
        )
      })
      request.end(body)
    })
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
