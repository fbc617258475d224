/** Edit distance where two letters that changed places count once (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

const plain = (name: string) => name.toLowerCase().replace(/[-_. ]/g, '')

/** Names that are looked at: nobody reads the suggestions for more, and they would take their time. */
const mostNames = 500

/** The one of `names` that was most likely meant by `name`; undefined when none is near. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name).slice(0, 200)
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  let looked = 0
  for (const one of names) {
    if (++looked > mostNames) break
    if (one === name) continue
    const other = plain(one)
    if (Math.abs(other.length - wanted.length) >= least) continue
    const distance = editDistance(wanted, other)
    if (distance < least) {
      least = distance
      best = one
    }
  }
  return best
}

/** `did you mean x?`, or `known: a, b, c`, or nothing when there is nothing to choose from. */
export function suggestion(name: string, names: readonly string[], what: string): string {
  const near = nearest(name, names)
  if (near !== undefined) return `did you mean ${near}?`
  if (names.length === 0) return ''
  const shown = names.slice(0, 30).join(', ')
  return `${what}: ${shown}${names.length > 30 ? ', …' : ''}`
}
