import { ChangeSignal } from './change-signal.ts'

/** Closed while at least one reason stands: the operator's pause, the drain of a channel. */
export class PauseGate {
  readonly #reasons = new Set<string>()
  readonly #changed = new ChangeSignal()

  get closed(): boolean {
    return this.#reasons.size > 0
  }

  get reasons(): readonly string[] {
    return [...this.#reasons]
  }

  close(reason: string): void {
    this.#reasons.add(reason)
    this.#changed.fire()
  }

  open(reason: string): void {
    if (this.#reasons.delete(reason)) this.#changed.fire()
  }

  /** Resolves when the gate is open, or when `signal` aborts. */
  async opened(signal?: AbortSignal): Promise<void> {
    while (this.closed && signal?.aborted !== true) await this.#changed.wait(signal)
  }
}
