import { CallError, type Connection, type Session } from './connection.ts'
import type { BridgeAnswer, DesktopBridge } from './desktop-bridge.ts'

/** The desktop's carrier: the preload's verbs, which main hands on to the agent's process. */
export function desktopConnection(bridge: DesktopBridge): Connection {
  let lastId = 0
  return {
    session: async () => resultOf(await bridge.session()) as Session,
    call: async (agent, name, params, signal) => {
      const id = ++lastId
      const cancel = () => bridge.cancel(id)
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        return resultOf(await bridge.call(id, agent, name, plain(params))) as never
      } finally {
        signal?.removeEventListener('abort', cancel)
      }
    },
    subscribe: (agent, name, params, listener, ended) => {
      const id = ++lastId
      bridge.subscribe(
        id,
        agent,
        name,
        plain(params),
        (message) => listener(message as never),
        (error) => ended?.(error && new CallError(error.code, error.message)),
      )
      return () => bridge.unsubscribe(id)
    },
    exportAddress: () => undefined,
  }
}

function resultOf(answer: BridgeAnswer): unknown {
  if ('error' in answer) throw new CallError(answer.error.code, answer.error.message)
  return answer.result
}

/** A reactive proxy cannot be cloned over the bridge. */
function plain(params: unknown): unknown {
  return JSON.parse(JSON.stringify(params))
}
