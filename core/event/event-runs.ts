/**
 * Which events of a batch another one holds, in their order: indexes as runs `[from, to)` that neither touch nor overlap.
 * It lets a part of a batch keep what belongs to its events by number.
 */
export type EventRuns = readonly (readonly [from: number, to: number])[]

/** Adds `[from, to)` behind the runs that are there: what touches the last one makes it longer. */
export function addRun(runs: [number, number][], from: number, to: number): void {
  if (from === to) return
  const last = runs.at(-1)
  if (last !== undefined && last[1] === from) last[1] = to
  else runs.push([from, to])
}

/** `inner` says which of the events that `outer` holds; the result says which those are of the first batch. */
export function runsWithin(outer: EventRuns, inner: EventRuns): EventRuns {
  const result: [number, number][] = []
  let at = 0
  // Events before the run `at` of `outer`.
  let before = 0
  for (const [from, to] of inner) {
    for (let index = from; index < to;) {
      let run = outer[at]
      while (run !== undefined && before + run[1] - run[0] <= index) {
        before += run[1] - run[0]
        run = outer[++at]
      }
      if (run === undefined) return result
      const start = run[0] + index - before
      const length = Math.min(to - index, run[1] - start)
      addRun(result, start, start + length)
      index += length
    }
  }
  return result
}
