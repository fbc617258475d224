import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RunningFlow, toLogger } from '../agent/running-flow.ts'
import { hasOpenssl, makeAuthority, makeCertificate } from './certificates.ts'

describe.skipIf(!hasOpenssl())('an http source with TLS (needs openssl)', () => {
  let flow: RunningFlow
  beforeEach(async () => {
    flow = new RunningFlow()
    makeAuthority(flow.directory)
    makeCertificate(flow.directory, 'server', 'DNS:localhost,IP:127.0.0.1')
    const settings = `ssl = true\na.sources.r.keystore = ${join(flow.directory, 'server.pem')}\n`
    await flow.start(toLogger('http', `a.sources.r.port = 0\na.sources.r.bind = 127.0.0.1\na.sources.r.${settings}`))
    await expect.poll(() => flow.port).toBeGreaterThan(0)
  })
  afterEach(() => flow.end())

  function post(body: string, options: { ca?: Buffer; maxVersion?: 'TLSv1.1' } = {}): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const { port } = flow
      const sent = request({ host: '127.0.0.1', port, method: 'POST', agent: false, ...options }, (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer.statusCode))
      })
      sent.once('error', reject)
      sent.end(body)
    })
  }
  const trusted = () => ({ ca: readFileSync(join(flow.directory, 'ca.pem')) })

  it('takes events from a client that trusts its authority', async () => {
    expect(await post('[{"body":"sealed"}]', trusted())).toBe(200)
    await expect.poll(() => flow.bodies).toEqual(['sealed'])
  })

  it('is refused by one that does not, speaks no old TLS and no plain HTTP, and goes on', async () => {
    await expect(post('[]')).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    await expect(post('[]', { ...trusted(), maxVersion: 'TLSv1.1' })).rejects.toThrow()
    await expect(fetch(`http://127.0.0.1:${flow.port}/`, { method: 'POST', body: '[]' })).rejects.toThrow()
    expect(await post('[{"body":"next"}]', trusted())).toBe(200)
    await expect.poll(() => flow.bodies).toEqual(['next'])
  })
})
