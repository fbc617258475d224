import { scheme } from './page-protocol.ts'

const views = ['flow', 'channel', 'backlog', 'sources', 'configuration', 'secrets', 'events']
/** Views of which a link can name a part: `sluice://channel/c1`. */
const withPart = new Set(['channel', 'backlog', 'sources'])

/** Where in the window a `sluice://` link leads; undefined for what is none. Links navigate, they never act. */
export function placeOfLink(link: string): string | undefined {
  const url = URL.parse(link)
  if (url === null || url.protocol !== `${scheme}:` || url.username !== '' || url.port !== '') return undefined
  if (!views.includes(url.host)) return undefined
  const part = nameIn(url.pathname)
  if (part === undefined) return undefined
  if (part === '') return `/${url.host}`
  return withPart.has(url.host) ? `/${url.host}/${encodeURIComponent(part)}` : undefined
}

function nameIn(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path.replace(/^\//, '').replace(/\/$/, ''))
    return name.length <= 300 && !/[/\\\u0000-\u001f\u007f]/.test(name) && !/^\.+$/.test(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** Systems other than macOS hand a link over as an argument of a (second) start. */
export function linkAmong(args: readonly string[]): string | undefined {
  return args.find((argument) => argument.startsWith(`${scheme}:`))
}
