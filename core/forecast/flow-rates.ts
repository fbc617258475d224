import type { ChannelNow } from './forecast.ts'
import { blockSlopes, capped, negated, type RateBand, rateBand, type Series, sumOf, zeroRate } from './rate-band.ts'

/** What was seen of a channel. */
export interface FlowSamples {
  /** All events that ever came in; falls where the channel began anew. */
  readonly received: Series
  /** What waited: events and their bytes. */
  readonly events: Series
  readonly bytes: Series
  /** Free bytes of the disk; empty where the channel uses none. */
  readonly free: Series
}

/** Epoch milliseconds since when things come in and go out as they do now; -Infinity: always. */
export interface Since {
  readonly in: number
  readonly out: number
}

type Flow = Pick<ChannelNow, 'now' | 'since' | 'inStopped' | 'outStopped' | 'rateLimit'>

/** How fast the backlog grows, events a second; in words why nobody knows. */
export function netRate(flow: Flow, samples: FlowSamples, span: number): RateBand | string {
  const { now, since } = flow
  const start = Math.max(now - span, samples.events.at[0] ?? now)
  const inFrom = Math.max(start, since.in)
  const outFrom = Math.max(start, since.out)
  if (flow.inStopped !== '' && flow.outStopped !== '') return zeroRate
  // What comes in and what goes out vary together, so their difference is looked at as one where both are as old.
  const together = Math.max(inFrom, outFrom)
  const asOld = now - together >= (now - Math.min(inFrom, outFrom)) / 2
  if (asOld && flow.inStopped === '' && flow.outStopped === '')
    return rateBand(blockSlopes(samples.events, together, now)) ?? notYet(now - together)
  const coming = flow.inStopped === '' ? rateBand(blockSlopes(samples.received, inFrom, now)) : zeroRate
  const leaving = flow.outStopped === '' ? rateBand(blockSlopes(left(samples), outFrom, now)) : zeroRate
  if (coming === undefined) return notYet(now - inFrom)
  if (leaving === undefined) return notYet(now - outFrom)
  return sumOf(positive(coming), negated(capped(positive(leaving), flow.rateLimit ?? Infinity)))
}

/** Bytes a second that others take of the disk; negative where they give some back. Undefined: not known. */
export function othersRate({ free, bytes }: FlowSamples, now: number, span: number): RateBand | undefined {
  const taken = combined(free, bytes, (freeBytes, own) => -freeBytes - own)
  return rateBand(blockSlopes(taken, Math.max(now - span, taken.at[0] ?? now), now))
}

/** All events that ever left, whatever way. */
function left({ received, events }: FlowSamples): Series {
  return combined(received, events, (came, waiting) => came - waiting)
}

/** Two series where both have a value. */
function combined(a: Series, b: Series, join: (a: number, b: number) => number): Series {
  const at: number[] = []
  const values: number[] = []
  let other = 0
  for (const [index, time] of a.at.entries()) {
    for (let next = b.at[other]; next !== undefined && next < time; next = b.at[++other]);
    if (b.at[other] !== time) continue
    at.push(time)
    values.push(join(a.values[index] ?? 0, b.values[other] ?? 0))
  }
  return { at, values }
}

/** A counter that began anew fell; nothing ever came or went backwards. */
function positive({ low, middle, high }: RateBand): RateBand {
  return { low: Math.max(0, low), middle: Math.max(0, middle), high: Math.max(0, high) }
}

function notYet(seen: number): string {
  return `not known yet: seen for ${Math.max(0, Math.floor(seen / 1000))} seconds`
}
