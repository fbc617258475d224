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
      const stream = new EventSource(`${under(agent, 'subscribe', name)}?${query.toString()}`)
      const finish = (error: CallErrorType | undefined) => {
        stream.close()
        ended?.(error)
      }
      stream.addEventListener('message', (event: MessageEvent<string>) => listener(JSON.parse(event.data) as never))
      stream.addEventListener('ended', (event: MessageEvent<string>) => finish(errorOf(JSON.parse(event.data))))
      // The browser would try again by itself and so begin a search or an export anew: whoever listens decides that.
      stream.addEventListener('error', () => finish(lost()))
      return () => stream.close()
    },
    exportAddress: (agent, file) => under(agent, 'export', file),
  }
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
