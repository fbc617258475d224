/** Time as an argument, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when an operator sets the clock. */
  now(): number
  /** Milliseconds that only grow; for intervals and time-outs. */
  monotonic(): number
  /** Resolves after `milliseconds`, or at once when `signal` aborts (it never rejects). */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve()
        return
      }
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal?.addEventListener('abort', done, { once: true })
    }),
}
