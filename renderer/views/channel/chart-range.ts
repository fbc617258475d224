/** How far back a chart reaches, and in what buckets. */
export interface ChartRange {
  readonly key: string
  readonly title: string
  /** Milliseconds. */
  readonly span: number
  /** Milliseconds of the history's own buckets that reach back so far (core/metrics/history.ts). */
  readonly width: number
  /** So many of them make one of the chart: about 450 of these tell a screen all it can show. */
  readonly join: number
  /** Milliseconds from one look at the newest to the next. */
  readonly every: number
}

const minute = 60_000
const hour = 60 * minute

export const chartRanges = [
  { key: '15m', title: '15 min', span: 15 * minute, width: 1_000, join: 2, every: 1_000 },
  { key: '1h', title: '1 h', span: hour, width: 10_000, join: 1, every: 2_000 },
  { key: '3h', title: '3 h', span: 3 * hour, width: 10_000, join: 3, every: 5_000 },
  { key: '24h', title: '24 h', span: 24 * hour, width: minute, join: 4, every: 10_000 },
  { key: '14d', title: '14 d', span: 14 * 24 * hour, width: 10 * minute, join: 5, every: 30_000 },
] as const satisfies readonly ChartRange[]

/** Milliseconds of a bucket of the chart. */
export function bucketOf({ width, join }: ChartRange): number {
  return width * join
}
