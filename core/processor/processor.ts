/** Chooses which sink of a group gets the next delivery (Flume's sink processor). */
export interface SinkProcessor {
  /** The sinks to try, best first, at time `now` (monotonic milliseconds); empty when none is eligible yet. */
  order(now: number): readonly string[]
  /** A sink delivered. */
  succeeded(sink: string, now: number): void
  /** A sink failed. */
  failed(sink: string, now: number): void
  /** What made a sink fail may be over (the machine slept): its penalty ends. */
  forgive?(sink: string): void
  /** Monotonic milliseconds at which a sink becomes eligible again; undefined when one is now. */
  retryAt(now: number): number | undefined
}
