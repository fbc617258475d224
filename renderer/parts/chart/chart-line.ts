import type { HistoryBucket } from '../../../core/metrics/history-ring.ts'

/** One line of a chart. */
export interface ChartLine {
  readonly name: string
  /** A colour of tokens.css, such as `--series-1`. */
  readonly colour: string
  /** Told from the others without colour. */
  readonly dashed?: boolean
  /** Oldest first. */
  readonly buckets: readonly HistoryBucket[]
}

/** A unit of the vertical axis. */
export interface ChartUnit {
  readonly format: (value: number) => string
  /** Where there is little room: at the axis. */
  readonly short: (value: number) => string
  /** The next good distance between two ticks. */
  readonly step: (atLeast: number) => number
}

/**
 * The lowest and the highest of each bucket as two points in one column, the nearer to the point before first, so that
 * a spike of one second is seen in two weeks. A gap of more than `width` twice ends the line: nothing was measured.
 */
export function bucketPoints(buckets: readonly HistoryBucket[], width: number): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = []
  let before: HistoryBucket | undefined
  for (const one of buckets) {
    const x = one.t + width / 2
    if (before !== undefined && one.t - before.t > width * 2) points.push({ x: before.t + width, y: NaN })
    const up = before === undefined || Math.abs(before.last - one.min) <= Math.abs(before.last - one.max)
    if (one.min === one.max) points.push({ x, y: one.last })
    else points.push({ x, y: up ? one.min : one.max }, { x, y: up ? one.max : one.min })
    before = one
  }
  return points
}

/** The bucket at a time; undefined in a gap and outside. */
export function bucketAt(buckets: readonly HistoryBucket[], at: number, width: number): HistoryBucket | undefined {
  let low = 0
  let high = buckets.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((buckets[middle]?.t ?? Infinity) <= at) low = middle
    else high = middle - 1
  }
  const found = buckets[low]
  return found !== undefined && found.t <= at && at < found.t + width * 2 ? found : undefined
}

export interface TableRow {
  readonly t: number
  /** One a line; undefined where nothing was measured. */
  readonly values: readonly ({ readonly min: number; readonly max: number; readonly last: number } | undefined)[]
}

/** The lines as at most `most` rows of equal time, newest first. */
export function tableRows(lines: readonly ChartLine[], from: number, to: number, most: number): TableRow[] {
  const size = (to - from) / most
  const rows: TableRow[] = []
  const places = lines.map(({ buckets }) => buckets.length - 1)
  for (let row = most - 1; row >= 0; row--) {
    const start = from + row * size
    const values = lines.map(({ buckets }, index) => {
      let place = places[index] ?? -1
      let joined: { min: number; max: number; last: number } | undefined
      for (; place >= 0; place--) {
        const one = buckets[place]
        if (one === undefined || one.t < start) break
        if (one.t > to) continue
        joined = joined
          ? { min: Math.min(joined.min, one.min), max: Math.max(joined.max, one.max), last: joined.last }
          : { min: one.min, max: one.max, last: one.last }
      }
      places[index] = place
      return joined
    })
    if (values.some((one) => one !== undefined)) rows.push({ t: start, values })
  }
  return rows
}
