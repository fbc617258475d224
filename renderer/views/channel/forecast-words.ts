import type { ChannelStatus } from '../../stores/status.ts'
import { formatDuration } from '../../format/time.ts'

type Forecast = ChannelStatus['forecast']

const fillsFirst = {
  events: 'its capacity of events is what fills first',
  bytes: 'its capacity of bytes is what fills first',
  disk: 'the disk is what fills first',
} as const
const fullNow = {
  events: 'Full now: it holds as many events as it may.',
  bytes: 'Full now: it holds as many bytes as it may.',
  disk: 'Full now: the disk has no room left.',
} as const

/** No forecast knows the seconds of an hour: two digits of what it is, in whole minutes from ten of them on. */
function inWords(seconds: number): string {
  const unit = seconds >= 36_000 ? 600 : seconds >= 600 ? 60 : seconds >= 60 ? 10 : 1
  return formatDuration(Math.round(seconds / unit) * unit)
}

function band({ low, high }: { low: number; high: number | null }): string {
  const [least, most] = [inWords(low), high === null ? '' : inWords(high)]
  if (least === most) return ''
  return high === null ? `, at the earliest in ${least}, perhaps never` : `, between ${least} and ${most}`
}

/** The clock that a chart draws, in short: that of the goal the backlog is on its way to. */
export function goalWords({ full, drained }: Forecast): string {
  if (drained && drained.seconds > 0) return `drained in ${inWords(drained.seconds)}${band(drained)}`
  return full && full.seconds > 0 ? `full in ${inWords(full.seconds)}${band(full)}` : ''
}

/** Both clocks of a channel as one says them, and why one is not there. */
export function forecastWords({ full, drained, reason }: Forecast, waiting: number): string[] {
  const sentences: string[] = []
  if (full?.seconds === 0) sentences.push(fullNow[full.limit])
  else if (full) sentences.push(`Full in ${inWords(full.seconds)}${band(full)}; ${fillsFirst[full.limit]}.`)
  if (waiting === 0) sentences.push('Nothing waits.')
  else if (drained) sentences.push(`Drained in ${inWords(drained.seconds)}${band(drained)}.`)
  if (reason !== '') sentences.push(`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`)
  return sentences
}
