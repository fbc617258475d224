import type { HistoryBucket } from '../../../core/metrics/history-ring.ts'

/** Buckets joined to wider ones that begin at multiples of `width` milliseconds; oldest first, as they came. */
export function joinBuckets(points: readonly HistoryBucket[], width: number): HistoryBucket[] {
  const joined: HistoryBucket[] = []
  for (const { t, min, max, last } of points) {
    const start = Math.floor(t / width) * width
    const present = joined.at(-1)
    if (present?.t === start)
      joined[joined.length - 1] = {
        ...{ t: start, last },
        min: Math.min(present.min, min),
        max: Math.max(present.max, max),
      }
    else joined.push({ t: start, min, max, last })
  }
  return joined
}

/** What a window that begins at `from` shows after `fresh` has taken the place of all that is not older than it. */
export function slideWindow(
  known: readonly HistoryBucket[],
  fresh: readonly HistoryBucket[],
  from: number,
): HistoryBucket[] {
  const first = fresh[0]?.t ?? Infinity
  return [...known.filter(({ t }) => t >= from && t < first), ...fresh]
}
