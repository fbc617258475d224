import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AccessTokens } from '../../core/console/access-tokens.ts'
import { ConsoleRig, errorOf, fullToken, readToken } from './console-rig.ts'

let rig: ConsoleRig
beforeEach(async () => {
  rig = new ConsoleRig()
  await rig.start()
})
afterEach(() => rig.end())

const cookieOf = (header: string[] | undefined) => header?.[0]?.split(';')[0] ?? ''

describe('signing in to the console', () => {
  test('without a token nothing is told, and in plain words how to come in', async () => {
    for (const path of ['/', '/icon.svg', '/assets/index-Ab1_cD-2.js', '/nothing', '/index.html']) {
      const answer = await rig.ask(path)
      expect(answer.status, path).toBe(401)
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(answer.text).toContain('open the address that the agent printed')
      expect(answer.text.toLowerCase()).not.toContain('stack')
    }
    for (const path of ['/session', '/agents/a1/subscribe/status', '/agents/nobody/export/x', '/agents']) {
      const answer = await rig.ask(path)
      expect(answer.status, path).toBe(401)
      expect(errorOf(answer).code).toBe('SLUICE_SIGN_IN')
    }
    const call = await rig.ask('/agents/a1/call/pause', {
      ...{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    })
    expect(call.status).toBe(401)
    expect(rig.agent.status().sources[0]?.command).toBe('running')
  })

  test('the address with the token opens a session and leads to one without it', async () => {
    const opened = await rig.ask(`/?token=${fullToken}`)
    expect(opened.status).toBe(303)
    expect(opened.headers.location).toBe('/')
    const [cookie = ''] = opened.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(cookie).not.toContain(fullToken)
    const headers = { cookie: `other=1; ${cookieOf(opened.headers['set-cookie'])}; last=2` }
    expect((await rig.ask('/', { headers })).text).toContain('<title>Sluice</title>')
    expect(JSON.parse((await rig.ask('/session', { headers })).text)).toEqual({
      ...{ agents: ['a1'], role: 'configure', version: '9.9.9' },
    })
  })

  test('the form opens one too, and signing out ends it in the browser', async () => {
    const form = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      origin: 'null',
    }
    const post = (body: string, headers: Record<string, string> = form) =>
      rig.ask('/sign-in', { method: 'POST', headers, body })
    const opened = await post(`token=${readToken}`)
    expect(opened.status).toBe(303)
    const headers = { cookie: cookieOf(opened.headers['set-cookie']) }
    expect(JSON.parse((await rig.ask('/session', { headers })).text)).toMatchObject({ role: 'read' })
    expect((await post('token=wrong')).status).toBe(401)
    expect((await post('')).status).toBe(401)
    expect((await post(`token=${readToken}`, { ...form, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post('x'.repeat(10_000))).status).toBe(413)
    const out = await rig.ask('/sign-out', { method: 'POST', headers })
    expect(out.headers['set-cookie']?.[0]).toMatch(/=; Max-Age=0;/)
  })

  test('a session that was changed, is too old or belongs to another token is none', async () => {
    const opened = await rig.ask(`/?token=${readToken}`)
    const cookie = cookieOf(opened.headers['set-cookie'])
    const [name = '', value = ''] = cookie.split('=')
    const [expires = '', id = '', signature = ''] = value.split('.')
    const later = (parseInt(expires, 36) + 1).toString(36)
    const status = async (session: string) =>
      (await rig.ask('/session', { headers: { cookie: `${name}=${session}` } })).status
    expect(await status(value)).toBe(200)
    for (const forged of [
      ...[`${later}.${id}.${signature}`, `${expires}.${id.replace(/./, '-')}x.${signature}`],
      ...[`${expires}.${id}.${'A'.repeat(43)}`, `${expires}.${id}`, '', fullToken, '%00', `${value}${value}`],
    ])
      expect(await status(forged), forged).toBe(401)

    const other = new ConsoleRig()
    await other.start({ tokens: new AccessTokens([{ secret: 'quite another token here', role: 'configure' }]) })
    try {
      const headers = { cookie: `sluice-${other.port}=${value}` }
      expect((await other.ask('/session', { headers })).status).toBe(401)
    } finally {
      await other.end()
    }
  })

  test('a session outlives a restart with the same token, and is renewed before it ends', async () => {
    let now = Date.now()
    const clock = { now: () => now, monotonic: () => performance.now(), sleep: () => Promise.resolve() }
    await rig.end()
    rig = new ConsoleRig()
    await rig.start({ clock })
    const value = cookieOf((await rig.ask(`/?token=${fullToken}`)).headers['set-cookie']).split('=')[1] ?? ''
    await rig.end()
    rig = new ConsoleRig()
    await rig.start({ clock })
    const session = (cookie = value) => rig.ask('/session', { headers: { cookie: `sluice-${rig.port}=${cookie}` } })
    expect((await session()).headers['set-cookie']).toBeUndefined()
    now += 5 * 24 * 3600 * 1000
    const renewed = cookieOf((await session()).headers['set-cookie']).split('=')[1] ?? ''
    now += 5 * 24 * 3600 * 1000
    expect((await session()).status).toBe(401)
    expect((await session(renewed)).status).toBe(200)
  })

  test('wrong tokens are turned away sooner and sooner, the right one never', async () => {
    const statuses = new Set<number>()
    for (let index = 0; index < 40; index++) {
      const wrong = index % 2 === 0 ? rig.ask(`/?token=wrong-${index}`) : rig.asked('/session', {}, `wrong-${index}`)
      statuses.add((await wrong).status)
      expect((await rig.asked('/session')).status).toBe(200)
    }
    expect([...statuses]).toEqual([401, 429])
    expect((await rig.ask('/?token=wrong')).headers['retry-after']).toBe('60')
    expect((await rig.ask(`/?token=${fullToken}`)).status).toBe(303)
    expect((await rig.ask('/')).status).toBe(401)
  })

  test('somebody who followed a link on another site is asked for the cookie again, from our own page', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    const opened = await rig.ask(`/?token=${fullToken}`, { headers: link })
    expect(opened.status).toBe(200)
    expect(opened.text).toContain('location.replace(')
    expect(opened.headers['set-cookie']).toHaveLength(1)
    const stranger = await rig.ask('/', { headers: link })
    expect(stranger.text).toContain('location.replace(')
    expect((await rig.ask('/', { headers: { ...link, 'sec-fetch-site': 'same-origin' } })).status).toBe(401)
  })
})
