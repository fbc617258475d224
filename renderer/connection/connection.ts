import type { InjectionKey } from 'vue'
import { inject } from 'vue'
import type {
  CallName,
  CallParams,
  CallResult,
  Role,
  SubscriptionMessage,
  SubscriptionName,
  SubscriptionParams,
} from '../../core/control/contract.ts'

/** Who the page is talking to and what it may do. */
export interface Session {
  /** The agents of that process by name; at least one. */
  readonly agents: readonly string[]
  readonly role: Role
  readonly version: string
  /** The process whose agents these are, where the app only attached to it and did not start them. */
  readonly attachedTo?: number
}

/** What an agent answered instead of a result; `code` is one of core/errors.ts. */
export class CallError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CallError'
    this.code = code
  }
}

/**
 * The control contract as the page sees it, over whichever carrier brought the page. Results come checked from the
 * other side; the page holds types only, so that zod stays out of its bundle.
 */
export interface Connection {
  session(): Promise<Session>
  /** Rejects with a {@link CallError}; `SLUICE_CONTROL` when nobody answers. */
  call<Name extends CallName>(
    agent: string,
    name: Name,
    params: CallParams<Name>,
    signal?: AbortSignal,
  ): Promise<CallResult<Name>>
  /**
   * Listens until the returned function is called. `ended` hears once of an end from the other side: an error, or
   * undefined when a stream is complete. Nothing is heard after that.
   */
  subscribe<Name extends SubscriptionName>(
    agent: string,
    name: Name,
    params: SubscriptionParams<Name>,
    listener: (message: SubscriptionMessage<Name>) => void,
    ended?: (error: CallError | undefined) => void,
  ): () => void
  /** Where a finished export can be fetched; undefined where the host saves it itself. */
  exportAddress(agent: string, file: string): string | undefined
}

export const connectionKey: InjectionKey<Connection> = Symbol('connection')

export function useConnection(): Connection {
  const connection = inject(connectionKey)
  if (connection === undefined) throw new Error('no connection was provided to the app')
  return connection
}
