import { SluiceError } from '../../errors.ts'

interface Waiting {
  readonly enter: () => void
  readonly fail: (error: unknown) => void
}

/**
 * Lets deliveries pass in their order, at most `width()` at once. When one fails, those that wait behind it fail, too:
 * what comes later must not overtake it.
 */
export class DeliveryQueue {
  readonly #width: () => number
  readonly #waiting: Waiting[] = []
  #running = 0

  /** `width` is asked each time: it changes with the peer. */
  constructor(width: () => number) {
    this.#width = width
  }

  get running(): number {
    return this.#running
  }

  async run<T>(deliver: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || this.#running >= this.#width())
      await new Promise<void>((enter, fail) => this.#waiting.push({ enter, fail }))
    else this.#running++
    try {
      return await deliver()
    } catch (error) {
      const cause = error instanceof Error ? error : undefined
      for (const { fail } of this.#waiting.splice(0))
        fail(new SluiceError('SLUICE_DELIVERY', `the delivery before it failed: ${cause?.message ?? ''}`, { cause }))
      throw error
    } finally {
      this.#running--
      while (this.#running < this.#width()) {
        const next = this.#waiting.shift()
        if (next === undefined) break
        this.#running++
        next.enter()
      }
    }
  }
}
