const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' })

/** 2026-11-23 16:31:17.042, local time: what one writes into a ticket. */
export function formatStamp(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 23).replace('T', ' ')
}

/** 16:31:17 */
export function formatClock(at: number): string {
  return clock.format(at)
}

/** For an axis that spans `span` milliseconds: 16:31:17, 16:31, or 23 Nov where a day is a step of it. */
export function formatTick(at: number, span: number): string {
  if (span <= 300_000) return clock.format(at)
  return span <= 2 * 86_400_000 ? minute.format(at) : day.format(at)
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** The two largest units: 3 d 4 h, 12 min 5 s, 4 s. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never'
  if (seconds < 1) return 'under 1 s'
  let rest = Math.round(seconds)
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** 4 s ago */
export function formatAge(at: number, now: number): string {
  return `${formatDuration(Math.max(0, (now - at) / 1000))} ago`
}
