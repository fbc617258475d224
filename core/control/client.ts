import {
  type CallName,
  type CallParams,
  type CallResult,
  calls,
  type ControlPort,
  type SubscriptionMessage,
  type SubscriptionName,
  type SubscriptionParams,
  subscriptions,
} from './contract.ts'

/** The contract with its types, over any carrier. What comes back is checked too. */
export class ControlClient {
  readonly #port: ControlPort

  constructor(port: ControlPort) {
    this.#port = port
  }

  /** Rejects with the `SluiceError` that the agent gave, or `SLUICE_CONTROL` when none answers. */
  async call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    signal?: AbortSignal,
  ): Promise<CallResult<Name>> {
    const result = await this.#port.call(name, params, signal)
    return calls[name].result.parse(result) as CallResult<Name>
  }

  /** Resolves with the function that ends it. */
  subscribe<Name extends SubscriptionName>(
    name: Name,
    params: SubscriptionParams<Name>,
    listener: (message: SubscriptionMessage<Name>) => void,
    ended: (error: unknown) => void = () => undefined,
  ): Promise<() => void> {
    return this.#port.subscribe(
      name,
      params,
      (message) => listener(subscriptions[name].message.parse(message) as SubscriptionMessage<Name>),
      ended,
    )
  }
}
