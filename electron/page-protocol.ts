import { randomBytes } from 'node:crypto'
import type { Protocol } from 'electron'
import { contentPolicy } from '../core/console/content-policy.ts'
import { withNonce } from '../core/console/page-files.ts'
import type { StaticFiles } from '../core/console/static-files.ts'

export const scheme = 'sluice'
/** The page's own place; every other host of the scheme is a link to a view and never a page. */
export const pageHost = 'app'
export const pageAddress = `${scheme}://${pageHost}/index.html`

/** Must be called before the app is ready. */
export function registerScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true }
  protocol.registerSchemesAsPrivileged([{ scheme, privileges }])
}

/** Compared after parsing: `sluice://app.evil/` begins as ours does. */
export function isOurPage(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && url.protocol === `${scheme}:` && url.host === pageHost && url.username === ''
}

/** Answers the page's requests with the files of the built renderer, and the page itself with a policy and a nonce. */
export async function answerPage(files: StaticFiles, request: Request): Promise<Response> {
  if (!isOurPage(request.url)) return refusal(404, 'there is nothing at this address')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'files are asked for with GET')
  const address = decoded(new URL(request.url).pathname)
  if (address === undefined) return refusal(400, 'this is no address')
  const isPage = address === '/' || address === '/index.html'
  const file = isPage ? await files.index() : await files.find(address)
  if (file === undefined)
    return isPage
      ? refusal(503, `the page is not built in ${files.folder}: run "npm run build"`)
      : refusal(404, 'there is no such file')
  const { bytes } = await file.form('')
  const headers = new Headers({
    'content-type': file.type,
    'x-content-type-options': 'nosniff',
    'cache-control': isPage ? 'no-store' : 'no-cache',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
  if (!isPage) return new Response(new Uint8Array(bytes), { headers })
  const nonce = randomBytes(16).toString('base64')
  headers.set('content-security-policy', contentPolicy(nonce, "'none'"))
  return new Response(withNonce(bytes.toString('utf8'), nonce), { headers })
}

function refusal(status: number, text: string): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-security-policy': "default-src 'none'" }
  return new Response(text, { status, headers })
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
