import type { PeerConnection } from '../source/source.ts'
import type { ConnectionStatus } from './source-details.ts'

/** Rates are those of about this long, milliseconds. */
const span = 5_000
/** Two samples lie at least this far apart. */
const least = 900

interface Sample {
  readonly at: number
  readonly events: number
  readonly bytes: number
}

/** What each peer of a port sends a second, from what is seen when somebody looks. */
export class PeerRates {
  readonly #ports = new Map<string, Map<string, Sample[]>>()

  /** `scope`: which port; `at`: monotonic milliseconds. Peers that are not there any more are forgotten. */
  update(scope: string, connections: readonly PeerConnection[], at: number): ConnectionStatus[] {
    const before = this.#ports.get(scope)
    const after = new Map<string, Sample[]>()
    this.#ports.set(scope, after)
    return connections.map(({ peer, since, events, bytes }) => {
      const key = `${peer} ${since}`
      const samples = before?.get(key) ?? []
      after.set(key, samples)
      const last = samples.at(-1)
      if (last === undefined || at - last.at >= least) samples.push({ at, events, bytes })
      // The oldest one that is kept is the last from before the span.
      while (samples[1] !== undefined && at - samples[1].at >= span) samples.shift()
      const first = samples[0]
      const seconds = first === undefined ? 0 : (at - first.at) / 1000
      const known = first !== undefined && seconds > 0
      return {
        ...{ peer, since, events, bytes },
        eventsPerSecond: known ? (events - first.events) / seconds : null,
        bytesPerSecond: known ? (bytes - first.bytes) / seconds : null,
      }
    })
  }
}
