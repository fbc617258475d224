import { type HistoryBucket, HistoryRing } from './history-ring.ts'

/** Milliseconds of a bucket and how many there are: 15 minutes, 3 hours, 24 hours, 14 days. */
export const historyWidths = [
  { width: 1_000, slots: 900 },
  { width: 10_000, slots: 1_080 },
  { width: 60_000, slots: 1_440 },
  { width: 600_000, slots: 2_016 },
] as const

export interface StoredBucket {
  readonly width: number
  readonly slot: number
  readonly bucket: number
  readonly min: number
  readonly max: number
  readonly last: number
}

/** Where history outlives the process. */
export interface HistoryStore {
  saveHistory(at: number, changed: ReadonlyMap<string, readonly StoredBucket[]>): void
  history(series: string): StoredBucket[]
}

export interface HistoryAnswer {
  /** Milliseconds of the buckets that the points were made of. */
  readonly width: number
  readonly points: readonly HistoryBucket[]
}

class Series {
  readonly rings = historyWidths.map(({ width, slots }) => new HistoryRing(width, slots))
  /** Whether the stored part has been read: only when somebody asks, so that a start costs nothing. */
  restored = false
}

/** Series of numbers over time at four widths, as round-robin databases keep them: bounded, and exact in min and max. */
export class History {
  readonly #store: HistoryStore
  readonly #series = new Map<string, Series>()

  constructor(store: HistoryStore) {
    this.#store = store
  }

  names(): string[] {
    return [...this.#series.keys()]
  }

  add(series: string, at: number, value: number): void {
    let known = this.#series.get(series)
    if (known === undefined) {
      known = new Series()
      this.#series.set(series, known)
    }
    for (const ring of known.rings) ring.add(at, value)
  }

  /** Drops a series from memory; what is stored of it stays. Call `flush` first. */
  forget(series: string): void {
    this.#series.delete(series)
  }

  /**
   * At most `pixels` buckets from `from` to `to` (epoch milliseconds), of the finest width that reaches back to
   * `from` as seen at `now`.
   */
  query(series: string, from: number, to: number, pixels: number, now: number): HistoryAnswer {
    const known = this.#series.get(series) ?? new Series()
    if (!known.restored) this.#restore(series, known)
    const [finest, ...coarser] = known.rings
    const reaching = [finest, ...coarser].find((ring) => ring && from >= now - ring.width * (ring.slots - 1))
    const ring = reaching ?? coarser.at(-1) ?? finest
    if (ring === undefined) return { width: 0, points: [] }
    const span = ring.width * ring.slots
    const start = Math.max(from, now - span)
    return { width: ring.width, points: ring.query(start, Math.min(to, now + ring.width), pixels) }
  }

  /** Stores what changed since the last call. */
  flush(at: number): void {
    const changed = new Map<string, StoredBucket[]>()
    for (const [name, { rings }] of this.#series) {
      const rows = rings.flatMap((ring) => ring.takeChanges())
      if (rows.length > 0) changed.set(name, rows)
    }
    if (changed.size > 0) this.#store.saveHistory(at, changed)
  }

  #restore(name: string, series: Series): void {
    series.restored = true
    for (const { width, bucket, min, max, last } of this.#store.history(name))
      series.rings.find((ring) => ring.width === width)?.restore(bucket, min, max, last)
  }
}
