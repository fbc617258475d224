/** A rate a second with the band that holds four of five stretches of the past. `low <= middle <= high`. */
export interface RateBand {
  readonly low: number
  readonly middle: number
  readonly high: number
}

/** A value at times in milliseconds, ascending; one entry a sample. */
export interface Series {
  readonly at: readonly number[]
  readonly values: readonly number[]
}

export const zeroRate: RateBand = { low: 0, middle: 0, high: 0 }

const mostBlocks = 24
/** Fewer say nothing of how much a rate varies. */
export const leastBlocks = 8
/** Milliseconds. */
const leastBlock = 2_500
/** Share of the blocks that is left out at each end: a burst, a stall, a jump of the clock. */
const trimmed = 0.2
const lowQuantile = 0.1

/**
 * How fast a value changed from block to block between two times, a second. A block without samples around it (the
 * agent was down) is left out.
 */
export function blockSlopes({ at, values }: Series, from: number, to: number): number[] {
  const count = Math.min(mostBlocks, Math.floor((to - from) / leastBlock))
  if (count < 1) return []
  const width = (to - from) / count
  const slopes: number[] = []
  let previous: { at: number; value: number } | undefined
  let index = 0
  for (let block = 0; block < count; block++) {
    const end = block === count - 1 ? to : from + (block + 1) * width
    let first: typeof previous
    let last: typeof previous
    for (let time = at[index]; time !== undefined && time <= end; time = at[++index]) {
      if (time < from) continue
      last = { at: time, value: values[index] ?? 0 }
      first ??= last
    }
    // A slope from the last sample before leaves nothing out, unless that one is from long ago.
    const start = previous !== undefined && first !== undefined && first.at - previous.at <= width ? previous : first
    if (start !== undefined && last !== undefined && last.at > start.at)
      slopes.push(((last.value - start.value) * 1_000) / (last.at - start.at))
    previous = last ?? previous
  }
  return slopes
}

/**
 * The trimmed mean of slopes with their quantiles; undefined when there are too few. A mean, because what comes in
 * bursts fills a channel all the same; trimmed, so that a single burst does not.
 */
export function rateBand(slopes: readonly number[]): RateBand | undefined {
  if (slopes.length < leastBlocks) return undefined
  const sorted = slopes.toSorted((a, b) => a - b)
  const cut = Math.floor(sorted.length * trimmed)
  const kept = sorted.slice(cut, sorted.length - cut)
  const middle = kept.reduce((sum, one) => sum + one, 0) / kept.length
  return {
    low: Math.min(middle, quantile(sorted, lowQuantile)),
    middle,
    high: Math.max(middle, quantile(sorted, 1 - lowQuantile)),
  }
}

/** The rate of two flows together of which nobody knows whether they vary with each other. */
export function sumOf(a: RateBand, b: RateBand): RateBand {
  return { low: a.low + b.low, middle: a.middle + b.middle, high: a.high + b.high }
}

export function negated({ low, middle, high }: RateBand): RateBand {
  return { low: -high, middle: -middle, high: -low }
}

export function scaled({ low, middle, high }: RateBand, factor: number): RateBand {
  return { low: low * factor, middle: middle * factor, high: high * factor }
}

/** At most `limit`. */
export function capped({ low, middle, high }: RateBand, limit: number): RateBand {
  return { low: Math.min(low, limit), middle: Math.min(middle, limit), high: Math.min(high, limit) }
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? 0
  const above = sorted[Math.ceil(place)] ?? below
  return below + (above - below) * (place - Math.floor(place))
}
