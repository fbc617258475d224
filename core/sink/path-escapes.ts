import { hostname, networkInterfaces } from 'node:os'
import { SluiceError } from '../errors.ts'
import type { Headers } from '../event/event.ts'

/**
 * Flume's escapes in paths, topics and index names (flume.md §3.12): `%{header}`, `%[localhost|IP|FQDN]` and one-letter tags
 * of the event's time. Compiled once, then expanded for each event.
 */
export interface PathEscapesOptions {
  /** An IANA time zone; the machine's own when undefined. */
  readonly timeZone?: string | undefined
  /** Take the time of now instead of the `timestamp` header. */
  readonly useLocalTimeStamp?: boolean
  /** Round the time down to this many milliseconds' worth of the unit. */
  readonly round?: { readonly value: number; readonly unit: 'second' | 'minute' | 'hour' } | undefined
  readonly now: () => number
}

type Part = string | { readonly header: string } | { readonly tag: string }

const pattern = /%(?:\{([\w.-]+)\}|\[(\w+)\]|(.))/g

interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly weekday: number
  /** Minutes east of Greenwich. */
  readonly offset: number
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]

const two = (value: number) => String(value).padStart(2, '0')
const short = (name: string | undefined) => (name ?? '').slice(0, 3)

export class PathEscapes {
  readonly #parts: readonly Part[]
  readonly #options: PathEscapesOptions
  readonly #zone: Intl.DateTimeFormat | undefined
  #cachedAt = NaN
  #cached: Fields | undefined

  /** Throws `SLUICE_CONFIG` for an unknown `%[…]` or time zone. */
  constructor(text: string, options: PathEscapesOptions) {
    this.#options = options
    this.#parts = compile(text)
    if (options.timeZone !== undefined)
      try {
        this.#zone = new Intl.DateTimeFormat('en-US', {
          timeZone: options.timeZone,
          hourCycle: 'h23',
          ...({ year: 'numeric', month: '2-digit', day: '2-digit' } as const),
          ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
        })
      } catch (error) {
        throw new SluiceError(
          'SLUICE_CONFIG',
          `${options.timeZone} is no time zone: give a name such as Europe/Zurich`,
          {
            cause: error,
          },
        )
      }
  }

  /** True when every event has the same path. */
  get constant(): boolean {
    return this.#parts.every((part) => typeof part === 'string')
  }

  /** The path for an event with these headers. Throws `SLUICE_REFUSED` when it needs a time and has none. */
  expand(headers: Headers): string {
    let path = ''
    let time: number | undefined
    for (const part of this.#parts)
      if (typeof part === 'string') path += part
      else if ('header' in part) path += headers.get(part.header) ?? ''
      else {
        time ??= this.#time(headers)
        path += this.#tag(part.tag, time)
      }
    return path
  }

  #time(headers: Headers): number {
    if (this.#options.useLocalTimeStamp === true) return this.#options.now()
    const text = headers.get('timestamp')
    const time = text === undefined || text.trim() === '' ? NaN : Number(text)
    if (Number.isSafeInteger(time)) return time
    throw new SluiceError(
      'SLUICE_REFUSED',
      text === undefined
        ? 'the path has the time in it and the event has no timestamp header: add a timestamp interceptor'
        : `the timestamp header is no number of milliseconds: ${text.slice(0, 40)}`,
    )
  }

  #tag(tag: string, time: number): string {
    if (tag === 't') return String(time)
    const rounded = this.#rounded(time)
    const { year, month, day, hour, minute, second, weekday, offset } = this.#fields(rounded)
    const hour12 = hour % 12 === 0 ? 12 : hour % 12
    switch (tag) {
      case 'a':
        return short(weekdays[weekday])
      case 'A':
        return weekdays[weekday] ?? ''
      case 'b':
        return short(months[month])
      case 'B':
        return months[month] ?? ''
      case 'c':
        return `${short(weekdays[weekday])} ${short(months[month])} ${day} ${two(hour)}:${two(minute)}:${two(second)} ${year}`
      case 'd':
        return two(day)
      case 'e':
        return String(day)
      case 'D':
        return `${two(month + 1)}/${two(day)}/${two(year % 100)}`
      case 'H':
        return two(hour)
      case 'I':
        return two(hour12)
      case 'j':
        return String(Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 0)) / 86_400_000)).padStart(3, '0')
      case 'k':
        return String(hour)
      case 'l':
        return String(hour12)
      case 'm':
        return two(month + 1)
      case 'n':
        return String(month + 1)
      case 'M':
        return two(minute)
      case 'p':
        return hour < 12 ? 'AM' : 'PM'
      case 's':
        return String(Math.floor(rounded / 1000))
      case 'S':
        return two(second)
      case 'y':
        return two(year % 100)
      case 'Y':
        return String(year)
      case 'z': {
        const size = Math.abs(offset)
        return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
      }
      case '%':
        return '%'
      default:
        return ''
    }
  }

  #rounded(time: number): number {
    const { round } = this.#options
    if (!round) return time
    const { hour, minute, second } = this.#fields(time)
    const millisecond = ((time % 1000) + 1000) % 1000
    if (round.unit === 'second') return time - millisecond - (second % round.value) * 1000
    if (round.unit === 'minute') return time - millisecond - second * 1000 - (minute % round.value) * 60_000
    return time - millisecond - second * 1000 - minute * 60_000 - (hour % round.value) * 3_600_000
  }

  /** The calendar of `time`; kept for the second, because events come in order. */
  #fields(time: number): Fields {
    const second = Math.floor(time / 1000)
    if (second === this.#cachedAt && this.#cached) return this.#cached
    this.#cached = this.#zone ? zoneFields(this.#zone, time) : localFields(time)
    this.#cachedAt = second
    return this.#cached
  }
}

function compile(text: string): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) parts.push(text.slice(end, match.index))
    const [whole, header, host, tag] = match
    if (header !== undefined) parts.push({ header })
    else if (host !== undefined) parts.push(hostPart(host))
    else if (tag !== undefined) parts.push({ tag })
    end = match.index + whole.length
  }
  if (end < text.length) parts.push(text.slice(end))
  return parts
}

function hostPart(name: string): string {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address
  switch (name.toLowerCase()) {
    case 'localhost':
      return hostname()
    case 'fqdn':
      return hostname()
    case 'ip':
      return address ?? '127.0.0.1'
    default:
      throw new SluiceError('SLUICE_CONFIG', `%[${name}] is not known: use %[localhost], %[IP] or %[FQDN]`)
  }
}

function localFields(time: number): Fields {
  const date = new Date(time)
  return {
    year: date.getFullYear(),
    month: date.getMonth(),
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
    weekday: date.getDay(),
    offset: -date.getTimezoneOffset(),
  }
}

function zoneFields(zone: Intl.DateTimeFormat, time: number): Fields {
  const parts = new Map(zone.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const field = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
  const [year, month, day] = [field('year'), field('month') - 1, field('day')]
  const [hour, minute, second] = [field('hour'), field('minute'), field('second')]
  const asUtc = Date.UTC(year, month, day, hour, minute, second)
  const weekday = new Date(asUtc).getUTCDay()
  const offset = Math.round((asUtc - Math.floor(time / 1000) * 1000) / 60_000)
  return { year, month, day, hour, minute, second, weekday, offset }
}
