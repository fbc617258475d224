import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { testConnection } from '../../core/control/test-connection.ts'
import { avroPairs } from './avro-pair.ts'
import { hasOpenssl, makeAuthority, makeCertificate } from './certificates.ts'

const { source } = avroPairs()
const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const ask = (port: number, settings: Record<string, string> = {}, host = '127.0.0.1', within = 2_000) =>
  testConnection({ host, port, settings, within, baseDirectory: tmpdir(), clock: systemClock })

describe('the test of a connection', () => {
  test('shakes hands with an Avro source and sends no event', async () => {
    let events = 0
    const { source: receiver, notices } = await source((batch) => {
      events += batch.count
      return Promise.resolve()
    })
    const answer = await ask(receiver.port, {}, 'localhost')
    expect(answer).toMatchObject({ ok: true, failure: null, code: '' })
    expect(answer.text).toBe(`a Sluice answers at localhost:${receiver.port}`)
    expect(answer.addresses).toContain('127.0.0.1')
    await expect.poll(() => receiver.inspect().ports?.[0]?.connections.length).toBe(0)
    expect({ events, notices }).toEqual({ events: 0, notices: [] })
  })

  test('tells a refused connection from a name that does not exist', async () => {
    const port = await listen(() => undefined)
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await ask(port)).toMatchObject({ ok: false, failure: 'refused', code: 'SLUICE_PEER' })
    const unknown = await ask(4141, {}, 'no-such-host.invalid')
    expect(unknown).toMatchObject({ ok: false, failure: 'name not found' })
    expect(unknown.text).toMatch(/^no-such-host\.invalid: /)
  })

  test('ends in time when nobody answers', async () => {
    const port = await listen(() => undefined)
    const answer = await ask(port, {}, '127.0.0.1', 200)
    expect(answer).toMatchObject({ ok: false, failure: 'timed out', code: 'SLUICE_TIMEOUT' })
    expect(answer.milliseconds).toBeLessThan(1_000)
  })

  test('knows a port that is no Avro port', async () => {
    const web = await listen((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect(await ask(web)).toMatchObject({ ok: false, failure: 'not avro' })
    const shut = await listen((socket) => socket.end())
    expect(await ask(shut)).toMatchObject({ ok: false, failure: 'closed' })
  })

  test('refuses settings that cannot be used, in words', async () => {
    const answer = await ask(4141, { ssl: 'perhaps' })
    expect(answer).toMatchObject({ ok: false, failure: 'tls' })
    expect(answer.text).toContain('ssl: give true or false')
  })
})

describe.skipIf(!hasOpenssl())('the test of a connection with TLS', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-connection-'))
    makeAuthority(folder)
    makeCertificate(folder, 'receiver', 'IP:127.0.0.1')
    makeCertificate(folder, 'other', 'DNS:other.example')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const secured = (name: string) =>
    source(() => Promise.resolve(), { ssl: 'true', keystore: join(folder, `${name}.pem`) })

  test('works with the right truststore, and says what is wrong without', async () => {
    const { source: receiver } = await secured('receiver')
    const trusting = { ssl: 'true', truststore: join(folder, 'ca.pem') }
    const good = await ask(receiver.port, trusting)
    expect(good).toMatchObject({ ok: true, text: `a Sluice answers at 127.0.0.1:${receiver.port} (TLS)` })
    const bad = await ask(receiver.port, { ssl: 'true' })
    expect(bad).toMatchObject({ ok: false, failure: 'tls', code: 'SLUICE_TLS' })
    expect(bad.text).toContain('authority that is not trusted here')
    const missing = await ask(receiver.port, { ssl: 'true', truststore: join(folder, 'none.pem') })
    expect(missing.text).toContain('none.pem cannot be read')
  })

  test('names a certificate for another host, and a port without TLS', async () => {
    const { source: other } = await secured('other')
    const wrong = await ask(other.port, { ssl: 'true', truststore: join(folder, 'ca.pem') })
    expect(wrong.text).toContain('its certificate is for another name')
    const { source: plain } = await source(() => Promise.resolve())
    const answer = await ask(plain.port, { ssl: 'true' })
    expect(answer).toMatchObject({ ok: false, failure: 'tls' })
    expect(answer.text).toContain('may not speak TLS on this port')
    const clear = await ask(other.port)
    expect(clear).toMatchObject({ ok: false })
    expect(clear.failure).not.toBe('other')
  })
})
