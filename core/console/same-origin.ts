import type { IncomingHttpHeaders } from 'node:http'

/**
 * Why a request that changes or opens something is not to be answered: a page of another origin has sent it. Browsers
 * say who asks in `sec-fetch-site` and `origin`, which no page can set; programs that are no browser send neither, and
 * have no cookie that a foreign page could use. Another port of this host is another origin too.
 */
export function foreignOrigin(headers: IncomingHttpHeaders): string | undefined {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return `it is ${site}`
  if (origin === undefined) return undefined
  // A form on a page without a referrer has the origin `null`, and only `sec-fetch-site` says where it stands.
  if (origin === 'null') return site === 'same-origin' ? undefined : 'its origin is hidden'
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase() ? undefined : `it comes from ${origin}`
}

/** A person followed a link on another site: the browser keeps our cookie back from this one request. */
export function followedLink(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return headers['sec-fetch-mode'] === 'navigate' && (site === 'cross-site' || site === 'same-site')
}
