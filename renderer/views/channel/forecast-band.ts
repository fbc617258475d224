import type { Expectation } from '../../parts/chart/chart-band.ts'
import type { ChannelStatus } from '../../stores/status.ts'
import type { BacklogMeasure } from './backlog-measures.ts'

type Channel = Pick<ChannelStatus, 'events' | 'bytes' | 'capacity' | 'byteCapacity' | 'forecast'>

/** The share of the past that a chart shows of the future. */
const futureShare = 1 / 3
/** A goal that is further away than so many times the past that is shown would be a flat line that says nothing. */
const farthest = 2

/** Milliseconds of the future that a chart of `span` milliseconds shows. */
export function futureOf(span: number): number {
  return Math.round(span * futureShare)
}

/**
 * What is expected of the measure that a chart of `span` milliseconds shows; undefined where there is no forecast, where
 * it is too far away to be drawn, or where nobody knows at which value of this measure the goal lies.
 */
export function expectationOf(
  channel: Channel,
  measure: BacklogMeasure,
  now: number,
  span: number,
): Expectation | undefined {
  const { full, drained } = channel.forecast
  const countdown = isAhead(drained) ? drained : isAhead(full) ? full : null
  if (countdown === null || measure === 'age' || countdown.low * 1_000 > span * farthest) return undefined
  const goal = countdown === drained ? 0 : full === null ? undefined : fullAt(channel, measure, full.limit)
  if (goal === undefined) return undefined
  const { seconds, low, high } = countdown
  return { now, value: channel[measure], goal, seconds, low, high }
}

function isAhead(countdown: { readonly seconds: number } | null): boolean {
  return countdown !== null && countdown.seconds > 0
}

/** The value of a measure when the channel is full: by its own limit, or by the other at today's size of an event. */
function fullAt(
  { events, bytes, capacity, byteCapacity }: Channel,
  measure: 'events' | 'bytes',
  limit: 'events' | 'bytes' | 'disk',
): number | undefined {
  if (limit === 'events' && capacity !== null)
    return measure === 'events' ? capacity : events > 0 ? (bytes * capacity) / events : undefined
  if (limit === 'bytes' && byteCapacity !== null)
    return measure === 'bytes' ? byteCapacity : bytes > 0 ? (events * byteCapacity) / bytes : undefined
  // What others write to the disk decides with it.
  return undefined
}
