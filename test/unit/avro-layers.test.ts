import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { avroPairs, bodies, lease, type Put } from './avro-pair.ts'
import { hasOpenssl, makeAuthority, makeCertificate, makePkcs12, storePassword } from './certificates.ts'

const signal = new AbortController().signal
const big = Array.from({ length: 2000 }, (_, index) => `line ${index} `.padEnd(150, '.'))

describe('compression', () => {
  const { pair, source } = avroPairs()

  it.each(['0', '6', '9'])('carries events at level %s', async (level) => {
    const seen: string[] = []
    const { sink } = await pair(
      (batch) => {
        seen.push(...bodies(batch))
        return Promise.resolve()
      },
      { 'compression-type': 'deflate', 'compression-level': level },
      { 'compression-type': 'deflate' },
    )
    await sink.deliver(lease([['a'], ['b']]), signal)
    await sink.deliver(lease([big]), signal)
    await sink.deliver(lease([['z']]), signal)
    expect(seen).toEqual(['a', 'b', ...big, 'z'])
  })

  it('that only the sender has set is named as the reason', async () => {
    const { source: receiving, notices } = await source(() => Promise.resolve())
    const socket = connect(receiving.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.from('789c0102030405060708', 'hex'))
    await new Promise((resolve) => socket.on('close', resolve))
    expect(notices).toEqual(['SLUICE_FRAME'])
  })
})

describe.skipIf(!hasOpenssl())('TLS (needs openssl)', () => {
  const { pair, sink: sinkTo } = avroPairs()
  let directory: string
  const file = (name: string) => join(directory, name)

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
    makeAuthority(directory)
    makeAuthority(directory, 'stranger')
    makeCertificate(directory, 'here', 'IP:127.0.0.1,DNS:localhost')
    makeCertificate(directory, 'elsewhere', 'DNS:elsewhere.example')
    makePkcs12(directory, 'here')
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const ok: Put = () => Promise.resolve()
  const receiver = (more: Record<string, string> = {}) => ({ ssl: 'true', keystore: file('here.pem'), ...more })
  const sender = (more: Record<string, string> = {}) => ({ ssl: 'true', truststore: file('ca.pem'), ...more })

  it('carries events with a PEM and with a PKCS12 keystore', async () => {
    for (const keystore of [
      { keystore: file('here.pem') },
      { keystore: file('here.p12'), 'keystore-password': storePassword },
    ]) {
      const seen: string[] = []
      const put: Put = (batch) => {
        seen.push(...bodies(batch))
        return Promise.resolve()
      }
      const { sink } = await pair(put, sender(), receiver(keystore))
      await sink.deliver(lease([['a'], big]), signal)
      await sink.deliver(lease([['b']]), signal)
      expect(seen).toEqual(['a', ...big, 'b'])
    }
  })

  it.each(['flume-1.10', 'flume-1.9'])('and compression carry events in the order of %s', async (order) => {
    const seen: string[] = []
    const put: Put = (batch) => {
      seen.push(...bodies(batch))
      return Promise.resolve()
    }
    const both = { 'compression-type': 'deflate', 'compression-order': order }
    const { sink, source } = await pair(put, sender(both), receiver(both))
    await sink.deliver(lease([['a'], big]), signal)
    await sink.deliver(lease([['b']]), signal)
    expect(seen).toEqual(['a', ...big, 'b'])
    await sink.stop()
    await expect.poll(() => source.inspect().ports?.[0]?.connections.length).toBe(0)
  })

  it('refuses a receiver whose certificate does not carry the host name, unless told otherwise', async () => {
    const { sink, source } = await pair(ok, sender(), receiver({ keystore: file('elsewhere.pem') }))
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toMatchObject({ code: 'SLUICE_TLS' })
    const { sink: lax } = await sinkTo(source.port, sender({ 'ssl-verify-hostname': 'false' }))
    await lax.deliver(lease([['a']]), signal)
  })

  it('refuses a receiver of an unknown authority, unless told to trust all', async () => {
    const { sink, source } = await pair(ok, sender({ truststore: file('stranger.pem') }), receiver())
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toMatchObject({ code: 'SLUICE_TLS' })
    const { sink: lax } = await sinkTo(source.port, {
      ssl: 'true',
      'trust-all-certs': 'true',
      'ssl-verify-hostname': 'false',
    })
    await lax.deliver(lease([['a']]), signal)
  })

  it('asks senders for a certificate when told to', async () => {
    const mutual = receiver({ 'client-auth': 'true', truststore: file('ca.pem') })
    const { sink, source } = await pair(ok, sender({ keystore: file('here.pem') }), mutual)
    await sink.deliver(lease([['a']]), signal)
    const { sink: bare } = await sinkTo(source.port, sender())
    await expect(bare.deliver(lease([['a']]), signal)).rejects.toThrow(/certificate required|ECONNRESET|closed|ended/)
    expect(source.inspect().ports?.[0]?.connections).toHaveLength(1)
  })

  it('refuses a sender whose certificate another authority has signed', async () => {
    const mutual = receiver({ 'client-auth': 'true', truststore: file('stranger.pem') })
    const { sink } = await pair(ok, sender({ keystore: file('here.pem') }), mutual)
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toThrow()
  })

  it('says how to convert a Java keystore, and which file a wrong password is for', async () => {
    writeFileSync(file('old.jks'), Buffer.from('feedfeed00000002', 'hex'))
    await expect(pair(ok, {}, receiver({ keystore: file('old.jks') }))).rejects.toThrow(
      /keytool -importkeystore .*old\.jks/,
    )
    const wrong = receiver({ keystore: file('here.p12'), 'keystore-password': 'wrong-secret' })
    const failure = await pair(ok, {}, wrong).catch((error: unknown) => String(error))
    expect(failure).toMatch(/here\.p12: the password does not open it/)
    expect(failure).not.toContain('wrong-secret')
  })

  it('keeps to the protocols that are allowed', async () => {
    const { sink } = await pair(
      ok,
      sender({ 'include-protocols': 'TLSv1.3' }),
      receiver({ 'include-protocols': 'TLSv1.2' }),
    )
    await expect(sink.deliver(lease([['a']]), signal)).rejects.toMatchObject({ code: 'SLUICE_TLS' })
  })
})
