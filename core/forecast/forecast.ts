import { type FlowSamples, netRate, othersRate, type Since } from './flow-rates.ts'
import { negated, type RateBand, scaled, sumOf, zeroRate } from './rate-band.ts'

/** Seconds from now. `low` and `high` hold four times of five; `high` null: perhaps never. */
export interface Countdown {
  readonly seconds: number
  readonly low: number
  readonly high: number | null
}

/** What ends the room of a channel. */
export const forecastLimits = ['events', 'bytes', 'disk'] as const
export type ForecastLimit = (typeof forecastLimits)[number]

export interface Forecast {
  /** Null: it does not fill, or nobody knows. */
  readonly full: (Countdown & { readonly limit: ForecastLimit }) | null
  /** Null: it does not empty, or nobody knows. */
  readonly drained: Countdown | null
  /** Why a clock is not there, in words. Empty: both are. */
  readonly reason: string
}

/** How a channel stands now. */
export interface ChannelNow {
  /** Epoch milliseconds. */
  readonly now: number
  readonly events: number
  readonly bytes: number
  /** `Infinity`: unlimited. */
  readonly capacity: number
  readonly byteCapacity: number
  /** Bytes of the disk; undefined where the channel uses none. */
  readonly freeDisk: number | undefined
  /** Bytes of the disk at which the channel takes nothing more. */
  readonly leastFreeDisk: number
  /** It takes nothing now. */
  readonly full: ForecastLimit | undefined
  /** Events a second that may leave. */
  readonly rateLimit: number | undefined
  /** Since when things flow in and out as they do: what was before tells nothing of what comes. */
  readonly since: Since
  /** Why nothing comes in or goes out; empty: something may. */
  readonly inStopped: string
  readonly outStopped: string
}

export const unknownForecast: Forecast = { full: null, drained: null, reason: 'not known yet' }

/** Milliseconds of the past that is looked at, the shortest first. */
export const forecastSpans = [300_000, 900_000, 3 * 3_600_000, 24 * 3_600_000] as const
/** A span of the past is good for this many times as long a future. */
const reach = 4
/** Seconds; who says more has guessed. */
const farthest = 30 * 24 * 3_600

/**
 * The two clocks of a channel. `samples` gives what is known of the last so many milliseconds: a forecast of minutes
 * looks at minutes, one of days at a day.
 */
export function forecast(channel: ChannelNow, samples: (span: number) => FlowSamples): Forecast {
  const seen = new Map<number, FlowSamples>()
  const of = (span: number) => {
    const known = seen.get(span) ?? samples(span)
    seen.set(span, known)
    return known
  }
  const full = untilFull(channel, of)
  const drained = untilDrained(channel, of)
  const reasons = [typeof full === 'string' ? full : '', typeof drained === 'string' ? drained : '']
  return {
    full: typeof full === 'string' ? null : full,
    drained: typeof drained === 'string' ? null : drained,
    reason: [...new Set(reasons.filter((one) => one !== ''))].join('; '),
  }
}

type SamplesOf = (span: number) => FlowSamples

function untilFull(channel: ChannelNow, samples: SamplesOf): Forecast['full'] | string {
  if (channel.full !== undefined) return { seconds: 0, low: 0, high: 0, limit: channel.full }
  const rooms = roomsOf(channel)
  if (rooms.length === 0) return 'it has no limit'
  const over = rooms.find(({ room }) => room <= 0)
  if (over !== undefined) return { seconds: 0, low: 0, high: 0, limit: over.limit }
  return overSpans((span) => {
    const known = samples(span)
    const net = netRate(channel, known, span)
    if (typeof net === 'string') return net
    const bytes = scaled(net, bytesPerEvent(channel, known))
    const others = othersRate(known, channel.now, span) ?? zeroRate
    const rates: Readonly<Record<ForecastLimit, RateBand>> = { events: net, bytes, disk: sumOf(bytes, others) }
    const clocks = rooms.map(({ limit, room }) => ({ limit, ...timesAt(room, rates[limit]) }))
    // Whichever is first; the band is that of the first of them all, too.
    const first = clocks.reduce((least, one) => (one.seconds < least.seconds ? one : least))
    return {
      limit: first.limit,
      seconds: first.seconds,
      low: Math.min(...clocks.map(({ low }) => low)),
      high: Math.min(...clocks.map(({ high }) => high)),
    }
  }, 'it does not fill')
}

function untilDrained(channel: ChannelNow, samples: SamplesOf): Countdown | string {
  if (channel.events === 0) return { seconds: 0, low: 0, high: 0 }
  if (channel.outStopped !== '') return `nothing leaves: ${channel.outStopped}`
  return overSpans((span) => {
    const net = netRate(channel, samples(span), span)
    return typeof net === 'string' ? net : timesAt(channel.events, negated(net))
  }, 'it does not empty')
}

interface Times {
  readonly seconds: number
  readonly low: number
  readonly high: number
}

/** The shortest span of the past that reaches as far as its own answer, or the longest of which something is known. */
function overSpans<Answer extends Times>(
  answerFor: (span: number) => Answer | string,
  never: string,
): (Omit<Answer, 'high'> & { high: number | null }) | string {
  let best: Answer | string | undefined
  for (const span of forecastSpans) {
    const answer = answerFor(span)
    if (typeof answer === 'string') {
      best ??= answer
      break
    }
    best = answer
    if (answer.seconds * 1_000 <= span * reach) break
  }
  if (best === undefined || typeof best === 'string') return best ?? 'not known yet'
  if (!(best.seconds <= farthest)) return best.low <= farthest ? `${never} at the usual rate` : never
  return { ...best, high: best.high <= farthest ? best.high : null }
}

function roomsOf(channel: ChannelNow): { limit: ForecastLimit; room: number }[] {
  const { events, bytes, capacity, byteCapacity, freeDisk, leastFreeDisk } = channel
  return [
    ...(Number.isFinite(capacity) ? [{ limit: 'events' as const, room: capacity - events }] : []),
    ...(Number.isFinite(byteCapacity) ? [{ limit: 'bytes' as const, room: byteCapacity - bytes }] : []),
    ...(freeDisk === undefined ? [] : [{ limit: 'disk' as const, room: freeDisk - leastFreeDisk }]),
  ]
}

/** Seconds that an amount lasts. */
function timesAt(amount: number, { low, middle, high }: RateBand): Times {
  const at = (rate: number) => (rate > 0 ? Math.max(0, amount) / rate : Infinity)
  return { seconds: at(middle), low: at(high), high: at(low) }
}

/** Of what waits now, or waited last. */
function bytesPerEvent({ events, bytes }: ChannelNow, samples: FlowSamples): number {
  if (events > 0) return bytes / events
  const last = samples.events.values.findLastIndex((one) => one > 0)
  const then = samples.events.at[last]
  const at = then === undefined ? -1 : samples.bytes.at.indexOf(then)
  return at < 0 ? 0 : (samples.bytes.values[at] ?? 0) / (samples.events.values[last] ?? 1)
}
