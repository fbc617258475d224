import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Role } from '../control/contract.ts'
import { HttpRefusal, sendError } from '../control/http-carrier.ts'
import type { Log } from '../log.ts'
import type { AccessToken, AccessTokens } from './access-tokens.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import { sendPage } from './plain-page.ts'
import type { RequestTarget } from './request-target.ts'
import { followedLink, foreignOrigin } from './same-origin.ts'
import type { SessionCookie } from './session-cookie.ts'

const mostFormBytes = 4096

export interface ConsoleGateOptions {
  readonly tokens: AccessTokens
  readonly sessions: SessionCookie
  readonly attempts: FailedAttempts
  readonly log: Log
}

/**
 * Lets in who has a token: once in the address or the sign-in form, which a session then stands for, or as `bearer` with
 * each request. Everybody else gets an answer that says how to come in.
 */
export class ConsoleGate {
  readonly #options: ConsoleGateOptions

  constructor(options: ConsoleGateOptions) {
    this.#options = options
  }

  /** The role of whoever asks; undefined when the request has been answered here. */
  async admit(target: RequestTarget, request: IncomingMessage, response: ServerResponse): Promise<Role | undefined> {
    const { tokens, sessions } = this.#options
    const [first = '', ...more] = target.segments
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (more.length === 0 && request.method === 'POST' && (first === 'sign-in' || first === 'sign-out')) {
      await this.#signInOrOut(first, request, response)
      return undefined
    }
    if (first === '' && reads) {
      const given = new URLSearchParams(target.search).get('token')
      if (given !== null) {
        const token = tokens.find(given)
        if (token) this.#open(token, request, response)
        else this.#refuse(target, request, response, true)
        return undefined
      }
    }
    const bearer = /^bearer +(\S.*)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) {
      const token = tokens.find(bearer.trim())
      if (token === undefined) this.#refuse(target, request, response, true)
      return token?.role
    }
    const session = sessions.read(request.headers.cookie)
    if (session === undefined) {
      this.#refuse(target, request, response, false)
      return undefined
    }
    if (session.renewed !== undefined && reads && (first === '' || first === 'session'))
      response.setHeader('set-cookie', session.renewed)
    return session.role
  }

  async #signInOrOut(what: 'sign-in' | 'sign-out', request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = foreignOrigin(request.headers)
    if (foreign !== undefined)
      throw new HttpRefusal(403, 'SLUICE_FORBIDDEN', `only the console's own page may send this, and ${foreign}`)
    if (what === 'sign-out') {
      response.writeHead(303, { 'set-cookie': this.#options.sessions.cleared, location: '/' }).end()
      return
    }
    const given = new URLSearchParams(await readForm(request)).get('token') ?? ''
    const token = this.#options.tokens.find(given.trim())
    if (token) this.#open(token, request, response)
    else this.#refuse({ segments: [''], search: '' }, request, response, true)
  }

  #open(token: AccessToken, request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('set-cookie', this.#options.sessions.open(token))
    response.setHeader('cache-control', 'no-store')
    if (followedLink(request.headers)) goOnFromHere(response)
    else response.writeHead(303, { location: '/' }).end()
  }

  #refuse({ segments }: RequestTarget, request: IncomingMessage, response: ServerResponse, wrong: boolean): void {
    const { attempts, log, sessions } = this.#options
    const [first = ''] = segments
    const address = request.socket.remoteAddress ?? ''
    const page = first !== 'session' && first !== 'agents'
    if (wrong) {
      const { count, tooMany } = attempts.add(address)
      if (count === 1) log.warn({ address }, 'somebody gave the console a wrong token')
      if (tooMany) {
        response.setHeader('retry-after', '60')
        const text = 'too many wrong tokens came from your address; the right one is taken at any time'
        refuse(response, page, 429, text, 'Too many wrong tokens', true)
        return
      }
    } else if (first === '' && followedLink(request.headers)) {
      goOnFromHere(response)
      return
    }
    response.setHeader('www-authenticate', `Bearer realm="${sessions.name}"`)
    const text = wrong
      ? 'this token does not open the console: take the whole address that the agent printed at its start'
      : 'the console asks for a token: open the address that the agent printed at its start, with its token, or sign in here'
    refuse(response, page, 401, text, wrong ? 'That token is not right' : 'Please sign in', true)
  }
}

/** After a step of its own, from our page, the browser sends the session's cookie along. */
function goOnFromHere(response: ServerResponse): void {
  sendPage(response, { status: 200, title: 'Opening the console', text: [], goesOn: true })
}

function refuse(
  response: ServerResponse,
  page: boolean,
  status: number,
  text: string,
  title: string,
  signIn: boolean,
): void {
  if (!page) {
    sendError(response, new HttpRefusal(status, 'SLUICE_SIGN_IN', text))
    return
  }
  response.setHeader('connection', 'close')
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  sendPage(response, { status, title, text: [sentence], signIn })
}

async function readForm(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request as AsyncIterable<string>) {
    text += chunk
    if (text.length > mostFormBytes) throw new HttpRefusal(413, 'SLUICE_CONTROL', 'that is too long for a token')
  }
  return text
}
