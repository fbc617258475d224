import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { contentPolicy } from './content-policy.ts'
import { sendPage } from './plain-page.ts'
import type { StaticFiles } from './static-files.ts'

/** Answers `/` with the built page and every other address with the file of that name. */
export async function answerFile(
  files: StaticFiles,
  address: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    sendPage(response, { status: 405, title: 'Only reading is possible here', text: ['Files are asked for with GET.'] })
  } else if (address === '/' || address === '/index.html') await answerIndex(files, request, response)
  else await answerAsset(files, address, request, response)
}

async function answerIndex(files: StaticFiles, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const index = await files.index()
  if (index === undefined) {
    sendPage(response, {
      status: 503,
      title: 'The page is not built',
      text: [
        `The agent runs and this console answers, but there is no page to show in ${files.folder}.`,
        'Run "npm run build" in the folder of Sluice and load this again; nothing has to be restarted.',
        'Until then "sluice ctl status" says what the agent does.',
      ],
    })
    return
  }
  const nonce = randomBytes(16).toString('base64')
  const { bytes } = await index.form('')
  const html = Buffer.from(withNonce(bytes.toString('utf8'), nonce))
  response.writeHead(200, {
    'content-type': index.type,
    'content-length': html.length,
    'content-security-policy': contentPolicy(nonce, "'none'"),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : html)
}

/** The page's scripts find the nonce here for the few styles that they add themselves. */
export function withNonce(html: string, nonce: string): string {
  return html.replace(/<head(?:\s[^>]*)?>/i, (head) => `${head}<meta property="csp-nonce" nonce="${nonce}" />`)
}

async function answerAsset(
  files: StaticFiles,
  address: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = await files.find(address)
  if (file === undefined) {
    sendPage(response, { status: 404, title: 'Not found', text: ['There is no such file. The console begins at /.'] })
    return
  }
  const { bytes, encoding, etag } = await file.form(request.headers['accept-encoding'] ?? '')
  response.setHeader('etag', etag)
  response.setHeader('vary', 'accept-encoding')
  response.setHeader('cache-control', file.immutable ? 'private, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end()
    return
  }
  if (encoding !== undefined) response.setHeader('content-encoding', encoding)
  response.writeHead(200, { 'content-type': file.type, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
