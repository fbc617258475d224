import { SluiceError } from '../errors.ts'
import { calls, type ControlPort, type Role, roles, subscriptions } from './contract.ts'

/** A port for somebody who may not do everything: what needs more than `role` is refused with `SLUICE_FORBIDDEN`. */
export class RolePort implements ControlPort {
  readonly #port: ControlPort
  readonly #role: Role

  constructor(port: ControlPort, role: Role) {
    this.#port = port
    this.#role = role
  }

  call(name: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const refusal = this.#refusal(calls, name)
    return refusal === undefined ? this.#port.call(name, params, signal) : Promise.reject(refusal)
  }

  subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    const refusal = this.#refusal(subscriptions, name)
    return refusal === undefined ? this.#port.subscribe(name, params, listener, ended) : Promise.reject(refusal)
  }

  /** What is not in the list is let through: the port knows best what to say of it. */
  #refusal(list: Readonly<Record<string, { role: Role }>>, name: string): SluiceError | undefined {
    const needed = Object.hasOwn(list, name) ? list[name]?.role : undefined
    if (needed === undefined || roles.indexOf(this.#role) >= roles.indexOf(needed)) return undefined
    return new SluiceError('SLUICE_FORBIDDEN', `${name} needs the role ${needed}; yours is ${this.#role}`, {
      details: { role: this.#role, needed },
    })
  }
}
