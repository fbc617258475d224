import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConsoleRig, fullToken } from './console-rig.ts'

const asset = '/assets/index-Ab1_cD-2.js'

let rig: ConsoleRig
beforeEach(async () => {
  rig = new ConsoleRig()
  await rig.start()
})
afterEach(() => rig.end())

async function bytes(path: string, encoding: string) {
  const headers = { authorization: `Bearer ${fullToken}`, 'accept-encoding': encoding }
  const answer = await rig.ask(path, { headers, binary: true })
  return { ...answer, body: Buffer.from(answer.text, 'latin1') }
}

describe('the page of the console', () => {
  test('has a policy with a nonce that is new each time and stands in the page', async () => {
    const nonces = new Set<string>()
    for (let index = 0; index < 5; index++) {
      const { headers, text } = await rig.asked(index % 2 === 0 ? '/' : '/index.html')
      const policy = String(headers['content-security-policy'])
      const [, nonce = ''] = /style-src 'self' 'nonce-([^']{20,})'/.exec(policy) ?? []
      for (const rule of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
        expect(policy.split('; ')).toContain(rule)
      expect(policy).not.toContain('unsafe')
      expect(text).toContain(`<head><meta property="csp-nonce" nonce="${nonce}" />`)
      expect(headers['cache-control']).toBe('no-store')
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(5)
  })

  test('says on every answer what a browser must not do with it', async () => {
    for (const path of ['/', asset, '/none', '/session', '/agents/a1/export/none', '/agents/a1/subscribe/none'])
      for (const answer of [await rig.asked(path), await rig.ask(path)]) {
        expect(answer.headers, path).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
        })
        expect(Object.keys(answer.headers).some((name) => name.startsWith('access-control'))).toBe(false)
        expect(answer.headers['x-powered-by']).toBeUndefined()
      }
  })

  test('comes compressed as the browser can take it, and hashed files are kept for good', async () => {
    const plain = await bytes(asset, 'identity')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'private, max-age=31536000, immutable',
      vary: 'accept-encoding',
    })
    for (const [accepted, encoding, decode] of [
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
      ['gzip;q=1.0, br;q=0', 'gzip', gunzipSync],
    ] as const) {
      const packed = await bytes(asset, accepted)
      expect(packed.headers['content-encoding']).toBe(encoding)
      expect(packed.body.length).toBeLessThan(plain.body.length / 10)
      expect(decode(packed.body).equals(plain.body)).toBe(true)
      const headers = { 'accept-encoding': accepted, 'if-none-match': String(packed.headers.etag) }
      expect(await rig.asked(asset, { headers })).toMatchObject({ status: 304, text: '' })
    }
    expect((await rig.asked('/icon.svg')).headers['cache-control']).toBe('no-cache')
    expect(await rig.asked(asset, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    expect((await rig.asked(asset, { method: 'POST' })).status).toBe(405)
    expect((await rig.asked('/backlog')).status).toBe(404)
  })

  test('a new build is served at once, and a missing one is said to be missing', async () => {
    rmSync(rig.renderer, { recursive: true })
    const missing = await rig.asked('/')
    expect(missing.status).toBe(503)
    expect(missing.text).toContain('npm run build')
    expect((await rig.call('status', {})).status).toBe(200)
    rig.build('Built anew')
    expect((await rig.asked('/')).text).toContain('<title>Built anew</title>')
    writeFileSync(join(rig.renderer, 'assets', 'late-12345678.js'), '//\n')
    expect((await rig.asked('/assets/late-12345678.js')).status).toBe(404)
    rig.build('Built once more')
    expect((await rig.asked('/assets/late-12345678.js')).status).toBe(200)
  })
})
