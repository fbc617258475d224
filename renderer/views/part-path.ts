/** Where the window shows a part (`source:r1`, `channel:c1`, `sink:k1`, `agent`). */
export function partPath(component: string): string {
  const split = component.indexOf(':')
  const [kind, name] = [component.slice(0, split), encodeURIComponent(component.slice(split + 1))]
  if (kind === 'source') return `/sources/${name}`
  if (kind === 'channel') return `/channel/${name}`
  return '/flow'
}
