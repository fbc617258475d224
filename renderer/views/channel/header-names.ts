/** The names of headers among events, the most frequent first, at most `most`. */
export function headerNames(
  rows: readonly { readonly headers: readonly (readonly [string, string])[] }[],
  most = 8,
): string[] {
  const counts = new Map<string, number>()
  for (const { headers } of rows) for (const [name] of headers) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([name]) => name)
}
