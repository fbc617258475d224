/** What one bucket of time saw. `t`: its start in epoch milliseconds. */
export interface HistoryBucket {
  readonly t: number
  readonly min: number
  readonly max: number
  readonly last: number
}

/** Buckets of one width for a fixed span; the newest overwrite the oldest. Memory is taken once. */
export class HistoryRing {
  /** Milliseconds of one bucket. */
  readonly width: number
  readonly slots: number
  /** Which bucket a slot holds (its time divided by the width); 0 when none. */
  readonly #buckets: Uint32Array
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #last: Float64Array
  /** Slots changed since the last `takeChanges`. */
  #changed = new Set<number>()

  constructor(width: number, slots: number) {
    this.width = width
    this.slots = slots
    this.#buckets = new Uint32Array(slots)
    this.#min = new Float64Array(slots)
    this.#max = new Float64Array(slots)
    this.#last = new Float64Array(slots)
  }

  add(at: number, value: number): void {
    const bucket = Math.floor(at / this.width)
    const slot = bucket % this.slots
    if (this.#buckets[slot] === bucket) {
      this.#min[slot] = Math.min(this.#min[slot] ?? value, value)
      this.#max[slot] = Math.max(this.#max[slot] ?? value, value)
    } else {
      this.#buckets[slot] = bucket
      this.#min[slot] = value
      this.#max[slot] = value
    }
    this.#last[slot] = value
    this.#changed.add(slot)
  }

  /** Puts back a bucket from an earlier life, unless the slot holds the same or a newer one; equal ones are joined. */
  restore(bucket: number, min: number, max: number, last: number): void {
    const slot = bucket % this.slots
    const present = this.#buckets[slot] ?? 0
    if (present > bucket) return
    if (present === bucket) {
      this.#min[slot] = Math.min(this.#min[slot] ?? min, min)
      this.#max[slot] = Math.max(this.#max[slot] ?? max, max)
      return
    }
    this.#buckets[slot] = bucket
    this.#min[slot] = min
    this.#max[slot] = max
    this.#last[slot] = last
  }

  /** The buckets from `from` (inclusive) to `to` (exclusive), oldest first, joined so that there are at most `most`. */
  query(from: number, to: number, most: number): HistoryBucket[] {
    const first = Math.floor(from / this.width)
    const end = Math.ceil(to / this.width)
    const step = Math.max(1, Math.ceil((end - first) / Math.max(1, most)))
    const result: HistoryBucket[] = []
    for (let start = first; start < end; start += step) {
      const joined = this.#join(start, Math.min(end, start + step))
      if (joined) result.push(joined)
    }
    return result
  }

  /** The slots that changed since the last call, as they are now. */
  takeChanges(): { width: number; slot: number; bucket: number; min: number; max: number; last: number }[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed.map((slot) => ({
      width: this.width,
      slot,
      bucket: this.#buckets[slot] ?? 0,
      min: this.#min[slot] ?? 0,
      max: this.#max[slot] ?? 0,
      last: this.#last[slot] ?? 0,
    }))
  }

  #join(start: number, end: number): HistoryBucket | undefined {
    let min = Infinity
    let max = -Infinity
    let last = NaN
    for (let bucket = start; bucket < end; bucket++) {
      const slot = bucket % this.slots
      if (this.#buckets[slot] !== bucket) continue
      min = Math.min(min, this.#min[slot] ?? Infinity)
      max = Math.max(max, this.#max[slot] ?? -Infinity)
      last = this.#last[slot] ?? last
    }
    return Number.isNaN(last) ? undefined : { t: start * this.width, min, max, last }
  }
}
