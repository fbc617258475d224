import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { contentPolicy } from './content-policy.ts'

export interface PlainPage {
  readonly status: number
  readonly title: string
  /** Plain text, a paragraph each. */
  readonly text: readonly string[]
  /** With a field for the token. */
  readonly signIn?: boolean
  /** Goes on to `/` by itself, from here: a step that the browser takes for one of ours. */
  readonly goesOn?: boolean
}

const style = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:36rem;margin:12vh auto;padding:0 1.5rem}
h1{font-size:1.25rem}input,button{font:inherit;padding:.4rem .6rem}input{width:100%;box-sizing:border-box;margin:.25rem 0 .75rem}`

// The same address with the same fragment would only be a jump within this page.
const goOn = `location.replace((location.href.includes('?') ? '/' : '/?') + location.hash)`

/** A page of our own that needs no session and no built renderer. */
export function sendPage(response: ServerResponse, page: PlainPage): void {
  const nonce = randomBytes(16).toString('base64')
  const form =
    '<form method="post" action="/sign-in"><label>Token<input name="token" type="password" required autofocus ' +
    'autocomplete="current-password"></label><button>Sign in</button></form>'
  const { status, title, text, signIn = false, goesOn = false } = page
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    goesOn ? `<script nonce="${nonce}">${goOn}</script>` : '',
    `<title>${escapeHtml(title)} · Sluice</title><style nonce="${nonce}">${style}</style></head><body><main>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    goesOn ? '<p><a href="/">Open the console</a></p>' : '',
    `${signIn ? form : ''}</main></body></html>\n`,
  ].join('')
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    'content-security-policy': `${contentPolicy(nonce, signIn ? "'self'" : "'none'")}; script-src 'nonce-${nonce}'`,
    'cache-control': 'no-store',
  })
  response.end(html)
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
