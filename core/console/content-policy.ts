import type { ServerResponse } from 'node:http'

/** What a page may load: from here only, and no inline script or style but those with the nonce. */
export function contentPolicy(nonce: string, formAction: "'self'" | "'none'"): string {
  return (
    `default-src 'self'; style-src 'self' 'nonce-${nonce}'; object-src 'none'; base-uri 'none'; ` +
    `form-action ${formAction}; frame-ancestors 'none'`
  )
}

/** On every answer; a page has a policy of its own. There are no CORS headers: no other origin may read anything. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
}
