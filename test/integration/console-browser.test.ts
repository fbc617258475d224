import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConsoleRig, fullToken, readToken } from './console-rig.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** What a page of ours does, with the policy on: says in its title what came of it. */
const script = `
const nonce = document.querySelector('meta[property=csp-nonce]').nonce
const styled = (withNonce) => {
  const style = document.createElement('style')
  if (withNonce) style.nonce = nonce
  style.textContent = withNonce ? 'body { color: rgb(1, 2, 3) }' : 'body { background: rgb(4, 5, 6) }'
  document.head.append(style)
}
styled(true)
styled(false)
const refused = []
document.addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective))
const session = await (await fetch('./session')).json()
const first = await new Promise((resolve) => {
  const stream = new EventSource('./agents/a1/subscribe/status?params=%7B%7D')
  stream.onmessage = ({ data }) => { stream.close(); resolve(JSON.parse(data).agent) }
  stream.onerror = () => resolve('no stream')
})
const call = await fetch('./agents/a1/call/pause', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"component":"r1"}',
})
const { color, backgroundColor } = getComputedStyle(document.body)
document.title = JSON.stringify({ role: session.role, first, call: call.status, color, backgroundColor })
`
/** What a page of somebody else's tries, with the cookie in the browser. */
const attack = `async (console) => {
  const outcome = (work) => work.then((what) => what, () => 'refused')
  const post = (type, mode) => fetch(console + 'agents/a1/call/pause', {
    method: 'POST', mode, credentials: 'include', headers: { 'content-type': type }, body: '{}',
  })
  const stream = new Promise((resolve) => {
    const source = new EventSource(console + 'agents/a1/subscribe/status', { withCredentials: true })
    source.onmessage = () => resolve('heard')
    source.onerror = () => { source.close(); resolve('refused') }
  })
  const loaded = (tag, address) => new Promise((resolve, reject) => {
    const element = document.createElement(tag)
    element.onload = () => resolve('loaded')
    element.onerror = reject
    element.src = console + address
    document.body.append(element)
  })
  return {
    json: await outcome(post('application/json', 'cors')),
    plain: await outcome(post('text/plain', 'cors')),
    blind: await outcome(post('text/plain', 'no-cors')),
    read: await outcome(fetch(console + 'session', { credentials: 'include' }).then((answer) => answer.text())),
    stream: await stream,
    script: await outcome(loaded('script', 'assets/index-Ab1_cD-2.js')),
    image: await outcome(loaded('img', 'icon.svg')),
  }
}`
const page = (body: string) => `<!doctype html><html><head><title>…</title></head><body>${body}</body></html>`

let browser: Browser
let context: BrowserContext
let rig: ConsoleRig
let elsewhere: Server

/** A page of another site: `localhost` is one, seen from 127.0.0.1. */
let foreign: (html: string) => string

beforeAll(async () => {
  if (executablePath === undefined) return
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  return () => browser.close()
})
beforeEach(async () => {
  rig = new ConsoleRig()
  await rig.start()
  writeFileSync(
    join(rig.renderer, 'index.html'),
    page('<script type="module" src="./assets/index-Ab1_cD-2.js"></script>'),
  )
  writeFileSync(join(rig.renderer, 'assets', 'index-Ab1_cD-2.js'), script)
  let html = ''
  elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(page(html))
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  foreign = (given) => {
    html = given
    return `http://localhost:${(elsewhere.address() as AddressInfo).port}/`
  }
  context = await browser.newContext()
})
afterEach(async () => {
  await context.close()
  elsewhere.closeAllConnections()
  elsewhere.close()
  await rig.end()
})

const own = () => `http://127.0.0.1:${rig.port}/`
const titled = (tab: Page) => expect.poll(() => tab.title(), { timeout: 10_000 })

describe.runIf(executablePath)('in a browser', () => {
  test('the printed address opens the page, which calls, listens and styles under its policy', async () => {
    const tab = await context.newPage()
    await tab.goto(`${own()}?token=${fullToken}`)
    await titled(tab).toMatch(/^\{/)
    expect(JSON.parse(await tab.title())).toEqual({
      ...{ role: 'configure', first: 'a1', call: 200 },
      ...{ color: 'rgb(1, 2, 3)', backgroundColor: 'rgba(0, 0, 0, 0)' },
    })
    expect(tab.url()).toBe(own())
    expect(await tab.evaluate('document.cookie')).toBe('')
    expect(rig.agent.status().sources[0]?.command).toBe('paused')
  })

  test('the sign-in form opens it too, and says when the token is wrong', async () => {
    const tab = await context.newPage()
    expect((await tab.goto(own()))?.status()).toBe(401)
    await tab.fill('input', 'a wrong one')
    await tab.press('input', 'Enter')
    await titled(tab).toBe('That token is not right · Sluice')
    await tab.fill('input', readToken)
    await tab.click('button')
    await titled(tab).toContain('"role":"read"')
    expect(await tab.title()).toContain('"call":403')
  })

  test('a link on another site leads in without signing in again', async () => {
    const tab = await context.newPage()
    await tab.goto(`${own()}?token=${fullToken}`)
    await titled(tab).toMatch(/^\{/)
    await tab.goto(foreign(`<a href="${own()}#/flow">Sluice</a>`))
    await tab.click('a')
    await titled(tab).toContain('"role":"configure"')
    await context.clearCookies()
    await tab.goto(foreign(`<a href="${own()}">Sluice</a>`))
    await tab.click('a')
    await titled(tab).toBe('Please sign in · Sluice')
    await tab.goto(foreign(`<a href="${own()}?token=${fullToken}">Sluice</a>`))
    await tab.click('a')
    await titled(tab).toContain('"role":"configure"')
  })

  test('a page of another site or another port can do and learn nothing', async () => {
    const tab = await context.newPage()
    await tab.goto(`${own()}?token=${readToken}`)
    await titled(tab).toMatch(/^\{/)
    await tab.goto(`${own()}?token=${fullToken}`)
    await titled(tab).toMatch(/^\{/)
    rig.agent.resume()
    for (const from of [foreign(''), foreign('').replace('localhost', '127.0.0.1')]) {
      await tab.goto(from)
      const outcome = await tab.evaluate(`(${attack})(${JSON.stringify(own())})`)
      expect(outcome, from).toEqual({
        ...{ json: 'refused', plain: 'refused', read: 'refused', stream: 'refused' },
        ...{ script: 'refused', image: 'refused', blind: 'refused' },
      })
      const form = `<form method="post" enctype="text/plain" action="${own()}agents/a1/call/pause"><input name="{}"></form>`
      await tab.goto(foreign(form).replace('localhost', new URL(from).hostname))
      await tab.evaluate('document.forms[0].submit()')
      await tab.waitForURL(/pause/)
    }
    expect(rig.agent.status().sources[0]?.command).toBe('running')
  })
})
