/** Where a line may go from now on, at one moment of the future. */
export interface BandPoint {
  /** Epoch milliseconds. */
  readonly x: number
  /** The value if its goal is reached as early as may be, as is likely, as late as may be. */
  readonly earliest: number
  readonly likely: number
  readonly latest: number
}

/** What is expected of a value: when it reaches a goal, and where it stays then. */
export interface Expectation {
  /** Epoch milliseconds. */
  readonly now: number
  readonly value: number
  readonly goal: number
  /** Seconds from now; `high` null: perhaps never. */
  readonly seconds: number
  readonly low: number
  readonly high: number | null
}

/**
 * The band from now until a time: its edges go straight to the goal and stay there; one that perhaps never arrives
 * stays where it is. All lines have their points at the same times.
 */
export function bandPoints({ now, value, goal, seconds, low, high }: Expectation, until: number): BandPoint[] {
  const arrivals = [low, seconds, ...(high === null ? [] : [high])].map((one) => now + one * 1_000)
  const times = [...new Set([now, ...arrivals.filter((at) => at > now && at < until), until])].sort((a, b) => a - b)
  const at = (x: number, arrival: number | null) => {
    if (arrival === null) return value
    const share = arrival <= 0 ? 1 : Math.min(1, (x - now) / (arrival * 1_000))
    return value + (goal - value) * share
  }
  return times.map((x) => ({ x, earliest: at(x, low), likely: at(x, seconds), latest: at(x, high) }))
}

/** The band at a time within it, between its points. */
export function bandAt(band: readonly BandPoint[], x: number): BandPoint | undefined {
  const next = band.findIndex((one) => one.x >= x)
  const [before, after] = [band[next - 1], band[next]]
  if (after === undefined || before === undefined) return after?.x === x ? after : undefined
  const share = (x - before.x) / (after.x - before.x)
  const between = (a: number, b: number) => a + (b - a) * share
  return {
    x,
    earliest: between(before.earliest, after.earliest),
    likely: between(before.likely, after.likely),
    latest: between(before.latest, after.latest),
  }
}
