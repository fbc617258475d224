const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** 12,345 */
export function formatCount(count: number): string {
  return whole.format(count)
}

/** 12.3K, for where there is little room. */
export function formatShort(count: number): string {
  return short.format(count)
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Decimal units, as disks are sold: 1.23 GB. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3)} ${byteUnits[unit] ?? ''}`
}

/** 0/s, 0.4/s, 12/s, 12.3K/s */
export function formatRate(perSecond: number): string {
  if (perSecond <= 0) return '0/s'
  return `${perSecond < 10 ? perSecond.toPrecision(2) : formatShort(Math.round(perSecond))}/s`
}
