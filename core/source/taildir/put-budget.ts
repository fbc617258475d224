/** Bounds what is on its way to the channels at one time, over all streams of a source. */
export class PutBudget {
  readonly #mostPuts: number
  readonly #mostBytes: number
  #puts = 0
  #bytes = 0
  #waiting: (() => void)[] = []

  constructor(mostPuts: number, mostBytes: number) {
    this.#mostPuts = mostPuts
    this.#mostBytes = mostBytes
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#puts >= this.#mostPuts || this.#bytes >= this.#mostBytes)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  take(bytes: number): void {
    this.#puts++
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#puts--
    this.#bytes -= bytes
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
