/** A time to come in words, as exact as anybody needs it: `40 seconds`, `3 h 20 min`, `2 days 5 h`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} seconds`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  const rest = hours % 24 === 0 ? '' : ` ${hours % 24} h`
  return `${days === 1 ? '1 day' : `${days} days`}${rest}`
}
