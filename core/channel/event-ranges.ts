/**
 * A set of event numbers as disjoint ranges `[first, next)` in order. Adding at the end, which is the common case,
 * takes constant time.
 */
export class EventRanges {
  #first: number[] = []
  #next: number[] = []
  #total = 0

  static of(ranges: Iterable<readonly [number, number]>): EventRanges {
    const made = new EventRanges()
    for (const [first, next] of ranges) made.add(first, next)
    return made
  }

  get size(): number {
    return this.#first.length
  }

  /** Adds `[first, next)`; returns how many of its numbers were not in the set before. */
  add(first: number, next: number): number {
    if (next <= first) return 0
    // `from` … `to` are the ranges that touch the new one.
    const from = this.#lowest(first)
    let to = from
    let before = 0
    let low = first
    let high = next
    while (to < this.#first.length && this.#first[to]! <= next) {
      const overlap = Math.min(next, this.#next[to]!) - Math.max(first, this.#first[to]!)
      if (overlap > 0) before += overlap
      low = Math.min(low, this.#first[to]!)
      high = Math.max(high, this.#next[to]!)
      to++
    }
    if (to === from + 1) {
      this.#first[from] = low
      this.#next[from] = high
    } else {
      this.#first.splice(from, to - from, low)
      this.#next.splice(from, to - from, high)
    }
    this.#total += next - first - before
    return next - first - before
  }

  /** Removes `[first, next)`; returns how many of its numbers were in the set. */
  remove(first: number, next: number): number {
    let removed = 0
    for (const [from, to] of this.within(first, next)) {
      const at = this.#lowest(from + 1)
      const low = this.#first[at]!
      const high = this.#next[at]!
      this.#first.splice(at, 1)
      this.#next.splice(at, 1)
      if (to < high) this.#insert(at, to, high)
      if (low < from) this.#insert(at, low, from)
      removed += to - from
    }
    this.#total -= removed
    return removed
  }

  #insert(at: number, first: number, next: number): void {
    this.#first.splice(at, 0, first)
    this.#next.splice(at, 0, next)
  }

  /** The parts of `[first, next)` that are in the set, in order. */
  within(first: number, next: number): [number, number][] {
    const found: [number, number][] = []
    if (next <= first) return found
    for (let at = this.#lowest(first + 1); at < this.#first.length && this.#first[at]! < next; at++)
      found.push([Math.max(first, this.#first[at]!), Math.min(next, this.#next[at]!)])
    return found
  }

  /** The parts of `[first, next)` that are not in the set, in order. */
  missing(first: number, next: number): [number, number][] {
    const found: [number, number][] = []
    let at = first
    for (const [from, to] of this.within(first, next)) {
      if (from > at) found.push([at, from])
      at = to
    }
    if (at < next) found.push([at, next])
    return found
  }

  /** Forgets every number below `number`. */
  dropBelow(number: number): void {
    let gone = 0
    for (; gone < this.#first.length && this.#next[gone]! <= number; gone++)
      this.#total -= this.#next[gone]! - this.#first[gone]!
    if (gone > 0) {
      this.#first.splice(0, gone)
      this.#next.splice(0, gone)
    }
    if (this.#first.length > 0 && this.#first[0]! < number) {
      this.#total -= number - this.#first[0]!
      this.#first[0] = number
    }
  }

  /** Takes out the range that starts at or below `number`, if there is one; returns where it ends, else `number`. */
  takeFrom(number: number): number {
    if (this.#first.length === 0 || this.#first[0]! > number) return number
    const next = this.#next.shift()!
    this.#total -= next - this.#first.shift()!
    return Math.max(number, next)
  }

  /** How many numbers are in the set. */
  count(): number {
    return this.#total
  }

  *[Symbol.iterator](): Generator<[number, number]> {
    for (let at = 0; at < this.#first.length; at++) yield [this.#first[at]!, this.#next[at]!]
  }

  /** Index of the first range that ends at or after `number`. */
  #lowest(number: number): number {
    let low = 0
    let high = this.#next.length
    if (high > 0 && this.#next[high - 1]! < number) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#next[middle]! < number) low = middle + 1
      else high = middle
    }
    return low
  }
}
