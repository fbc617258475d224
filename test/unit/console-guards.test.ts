import { fc } from '../property-checks.ts'
import { describe, expect, it } from 'vitest'
import { AccessTokens } from '../../core/console/access-tokens.ts'
import { checkExposure, isLoopback } from '../../core/console/exposure.ts'
import { FailedAttempts } from '../../core/console/failed-attempts.ts'
import { HostNames } from '../../core/console/host-names.ts'
import { escapeHtml } from '../../core/console/plain-page.ts'
import { withNonce } from '../../core/console/page-files.ts'
import { requestTarget } from '../../core/console/request-target.ts'
import { foreignOrigin } from '../../core/console/same-origin.ts'
import { SessionCookie } from '../../core/console/session-cookie.ts'
import { systemClock } from '../../core/clock.ts'

const names = new HostNames({ host: '127.0.0.1', port: 4180, names: [], certificate: () => undefined })
const own = ['localhost:4180', '127.0.0.1:4180', '[::1]:4180']

describe('the guards of the console', () => {
  it('know their own names and no other, whatever is sent', () => {
    for (const name of own) expect(names.allows(name)).toBe(true)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .tuple(fc.constantFrom('evil.example.org', 'localhost', '127.0.0.1'), fc.nat(65535))
            .map((two) => two.join(':')),
        ),
        (host) => names.allows(host) === own.includes(host.toLowerCase()),
      ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...own), fc.string({ minLength: 1 }), (name, more) => {
        expect(names.allows(name + more)).toBe(false)
        expect(names.allows(more + name)).toBe(false)
      }),
    )
  })

  it('take no origin for their own but their own', () => {
    const host = '127.0.0.1:4180'
    expect(foreignOrigin({ host })).toBeUndefined()
    expect(foreignOrigin({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBeUndefined()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.ipV4().map((host) => `http://${host}:4181`),
          fc.constant('null'),
        ),
        (origin) => {
          expect(foreignOrigin({ host, origin })).toBeDefined()
        },
      ),
    )
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (site) => {
        fc.pre(site !== 'same-origin' && site !== 'none')
        expect(foreignOrigin({ host, origin: `http://${host}`, 'sec-fetch-site': site })).toBeDefined()
      }),
    )
  })

  it('open to no session that they did not sign', () => {
    const tokens = new AccessTokens([{ secret: 'sixteen or more letters', role: 'configure' }])
    const sessions = new SessionCookie(tokens, systemClock, 4180, false)
    const [token] = tokens.all
    if (!token) throw new Error('no token')
    const [cookie = ''] = sessions.open(token).split(';')
    expect(sessions.read(cookie)).toEqual({ role: 'configure', renewed: undefined })
    fc.assert(fc.property(fc.string(), (value) => sessions.read(`sluice-4180=${value}`) === undefined))
    fc.assert(
      fc.property(fc.nat(cookie.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = cookie.slice(0, at) + character + cookie.slice(at + 1)
        // The last letter of base64 has bits that mean nothing, so it is compared as text.
        expect(sessions.read(changed) !== undefined).toBe(changed.trim() === cookie)
      }),
      { numRuns: 500 },
    )
  })

  it('see a name in every segment of a path, never a step', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (segments, search) => {
        const url = `/${segments.map(wellFormed).map(encodeURIComponent).join('/')}?${encodeURIComponent(wellFormed(search))}`
        expect(requestTarget(url).segments).toEqual(segments.map(wellFormed))
      }),
    )
    for (const url of [undefined, '', '*', 'http://x/', '/%', '/%zz', '/%c0%af', '/%ff'])
      expect(() => requestTarget(url)).toThrow()
  })

  it('count wrong tokens by address, a minute long, and forget who came long ago', () => {
    let now = 0
    const attempts = new FailedAttempts({ ...systemClock, monotonic: () => now })
    for (let index = 1; index <= 10; index++)
      expect(attempts.add('192.0.2.1')).toEqual({ count: index, tooMany: false })
    expect(attempts.add('192.0.2.1').tooMany).toBe(true)
    expect(attempts.add('192.0.2.2').tooMany).toBe(false)
    expect(attempts.add('2001:db8::1')).toEqual({ count: 1, tooMany: false })
    now += 60_000
    expect(attempts.add('192.0.2.1')).toEqual({ count: 1, tooMany: false })
    for (let index = 0; index < 5000; index++) attempts.add(`10.0.${index >> 8}.${index & 255}`)
    expect(attempts.add('192.0.2.1').count).toBe(1)
  })

  it('take one IPv6 network for one sender, however its addresses are written', () => {
    const attempts = new FailedAttempts(systemClock)
    for (const address of ['2001:db8::1', '2001:db8::2:1', '2001:db8:0:0:ffff::1', '2001:db8::ffff:1:2:3'])
      attempts.add(address)
    expect(attempts.add('2001:db8::').count).toBe(5)
    expect(attempts.add('2001:db8:0:1::').count).toBe(1)
    attempts.add('::ffff:192.0.2.1')
    expect(attempts.add('192.0.2.1').count).toBe(2)
  })

  it('let nobody from outside near a console that is not made for it', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) expect(isLoopback(host), host).toBe(true)
    for (const host of ['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', 'fe80::1', 'example.org', 'localhost.example.org']) {
      expect(isLoopback(host), host).toBe(false)
      expect(() => checkExposure(host, 4180, { tls: true, token: false })).toThrow(/token of your own/)
      expect(() => checkExposure(host, 4180, { tls: false, token: true })).toThrow(/TLS/)
      checkExposure(host, 4180, { tls: true, token: true })
    }
  })

  it('write nothing into a page that is not text', () => {
    fc.assert(fc.property(fc.string(), (text) => !/[<>"']/.test(escapeHtml(text))))
    expect(withNonce('<html><HEAD lang="en"><title>a</title></HEAD>', 'n$&')).toBe(
      '<html><HEAD lang="en"><meta property="csp-nonce" nonce="n$&" /><title>a</title></HEAD>',
    )
    expect(withNonce('<header></header>', 'n')).toBe('<header></header>')
  })
})

const wellFormed = (text: string) => text.toWellFormed()
