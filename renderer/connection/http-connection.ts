import { SseReader } from '../../core/control/sse-reader.ts'
import type { CallError as CallErrorType, Connection, Session } from './connection.ts'
import { CallError } from './connection.ts'

/** The console's carrier: POST for calls, server-sent events for subscriptions, the cookie for who we are. */
export function httpConnection(base = '.'): Connection {
  const under = (agent: string, verb: string, name: string) =>
    `${base}/agents/${encodeURIComponent(agent)}/${verb}/${encodeURIComponent(name)}`
  return {
    session: async () => (await answerOf(await reach(`${base}/session`))) as Session,
    call: async (agent, name, params, signal) => {
      const answer = await answerOf(
        await reach(under(agent, 'call', name), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(params),
          ...(signal === undefined ? {} : { signal }),
        }),
      )
      return (answer as { result: never }).result
    },
    subscribe: (agent, name, params, listener, ended) => {
      const query = new URLSearchParams({ params: JSON.stringify(params) })
      const stop = new AbortController()
      const finish = (error: CallErrorType | undefined) => {
        if (stop.signal.aborted) return
        stop.abort()
        ended?.(error)
      }
      follow(`${under(agent, 'subscribe', name)}?${query.toString()}`, stop.signal, (message) =>
        listener(message as never),
      ).then(finish, (error: unknown) => finish(error instanceof CallError ? error : lost()))
      return () => stop.abort()
    },
    exportAddress: (agent, file) => under(agent, 'export', file),
  }
}

/**
 * Reads a stream of server-sent events to its end; resolves with the error that it ended with, if any, rejects when there
 * was no stream or it broke. An EventSource would not say why a stream was refused, and would begin a search or an export
 * that broke anew by itself.
 */
async function follow(
  address: string,
  signal: AbortSignal,
  listener: (message: unknown) => void,
): Promise<CallErrorType | undefined> {
  const response = await reach(address, { headers: { accept: 'text/event-stream' }, signal })
  if (!response.ok || response.body === null) {
    await answerOf(response)
    throw lost()
  }
  let end: { readonly error: CallErrorType | undefined } | undefined
  const events = new SseReader((event, data) => {
    if (signal.aborted) return
    if (event === 'ended') end = { error: errorOf(JSON.parse(data)) }
    else listener(JSON.parse(data))
  })
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value, done } = await pieces.read()
    if (done) break
    events.push(value)
  }
  if (end === undefined) throw lost()
  return end.error
}

async function reach(address: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { cache: 'no-store', ...init })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError')
      throw new CallError('SLUICE_ABORTED', 'the call was given up')
    throw lost()
  }
}

async function answerOf(response: Response): Promise<unknown> {
  let answer: unknown
  try {
    answer = await response.json()
  } catch {
    throw new CallError('SLUICE_CONTROL', `the agent answered ${response.status} ${response.statusText}`)
  }
  if (!response.ok) throw errorOf((answer as { error?: unknown }).error) ?? lost()
  return answer
}

/** What the wire says about an error; undefined when it says that there was none. */
export function errorOf(wire: unknown): CallError | undefined {
  if (typeof wire !== 'object' || wire === null) return undefined
  const { code, message } = wire as { code?: unknown; message?: unknown }
  return typeof code === 'string' && typeof message === 'string' ? new CallError(code, message) : undefined
}

function lost(): CallError {
  return new CallError('SLUICE_CONTROL', 'the agent cannot be reached')
}
