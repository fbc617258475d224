/** Bytes of unfinished requests that a port holds in any case, however small one of them may be. */
const leastBytes = 64 * 1024 * 1024
/** Requests of the largest size that may be unfinished at a time. */
const largestAtOnce = 4

/**
 * What the unfinished requests of all connections of a port may take together. A limit for each is none for a thousand:
 * when there is more, the request that has been coming for longest is given up, which an honest one hardly is.
 */
export class ReceiveBudget {
  readonly #most: number
  /** The oldest first. */
  readonly #shares = new Set<ReceiveShare>()
  #held = 0

  /** `largest`: most bytes of one request. */
  constructor(largest: number) {
    this.#most = Math.max(leastBytes, largestAtOnce * largest)
  }

  /** A request has begun to come in; `giveUp` ends its connection. */
  open(giveUp: () => void): ReceiveShare {
    const share: ReceiveShare = new ReceiveShare(
      (more) => {
        this.#held += more
        if (more > 0) while (this.#held > this.#most) this.#giveUpOldest()
      },
      () => this.#shares.delete(share),
      giveUp,
    )
    this.#shares.add(share)
    return share
  }

  #giveUpOldest(): void {
    for (const share of this.#shares) {
      share.close()
      share.giveUp()
      return
    }
  }
}

/** What one unfinished request takes of a {@link ReceiveBudget}. */
export class ReceiveShare {
  readonly giveUp: () => void
  readonly #change: (more: number) => void
  readonly #gone: () => void
  #bytes = 0
  #closed = false

  constructor(change: (more: number) => void, gone: () => void, giveUp: () => void) {
    this.#change = change
    this.#gone = gone
    this.giveUp = giveUp
  }

  /** So many bytes of the request are held by now. */
  hold(bytes: number): void {
    if (this.#closed) return
    const more = bytes - this.#bytes
    this.#bytes = bytes
    this.#change(more)
  }

  /** It is whole, or gone. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#gone()
    this.#change(-this.#bytes)
  }
}
