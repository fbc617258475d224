/** Steps that people count in: 1, 2 and 5 of any power of ten. */
export function decimalStep(atLeast: number): number {
  if (!(atLeast > 1e-12)) return 1
  const power = 10 ** Math.floor(Math.log10(atLeast))
  const factor = [1, 2, 5, 10].find((one) => one * power >= atLeast * (1 - 1e-9)) ?? 10
  return factor * power
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const timeSteps = [
  ...[1, 2, 5, 10, 15, 30].map((one) => one * second),
  ...[1, 2, 5, 10, 15, 30].map((one) => one * minute),
  ...[1, 2, 3, 6, 12].map((one) => one * hour),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((one) => one * day),
]

/** The same for milliseconds: seconds, minutes, hours and days as clocks have them. */
export function timeStep(atLeast: number): number {
  return timeSteps.find((one) => one >= atLeast) ?? decimalStep(atLeast / day) * day
}

/** From 0 to the first step at or above `max`; no more than `most` steps. */
export function valueTicks(max: number, most: number, stepOf: (atLeast: number) => number): number[] {
  const step = stepOf(Math.max(max, 0) / most)
  const count = Math.max(1, Math.ceil(max / step - 1e-9))
  return Array.from({ length: count + 1 }, (_, index) => index * step)
}

/** Round local times from `from` to `to` (epoch milliseconds), no more than about `most`. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = timeStep((to - from) / most)
  const offset = new Date(to).getTimezoneOffset() * minute
  const first = Math.ceil((from - offset) / step) * step + offset
  const ticks: number[] = []
  for (let at = first; at <= to; at += step) ticks.push(at)
  return ticks
}
