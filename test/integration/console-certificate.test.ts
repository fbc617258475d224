import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectPlain } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { loadConsoleTls } from '../../core/console/console-tls.ts'
import { eventually } from '../agent/flow.ts'
import { hasOpenssl, makeAuthority, makeCertificate } from '../unit/certificates.ts'
import { ConsoleRig, fullToken } from './console-rig.ts'

describe.runIf(hasOpenssl())('the certificate of the console', () => {
  let keys: string
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'sluice-console-keys-'))
    makeAuthority(keys)
    makeCertificate(keys, 'first', 'DNS:first.example.org')
    makeCertificate(keys, 'second', 'DNS:second.example.org')
  })
  afterAll(() => rmSync(keys, { recursive: true, force: true }))

  /** One request with this name in TLS and in HTTP; the first line of the answer, or what went wrong. */
  const ask = (port: number, name: string) =>
    new Promise<string>((resolve) => {
      const ca = readFileSync(join(keys, 'ca.pem'))
      const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: name, ca }, () =>
        socket.write(
          `GET /session HTTP/1.1\r\nHost: ${name}:${port}\r\nAuthorization: Bearer ${fullToken}\r\nConnection: close\r\n\r\n`,
        ),
      )
      socket.setEncoding('utf8').on('data', (text: string) => resolve(text.split('\r\n')[0] ?? ''))
      socket.on('error', (error: Error) => resolve(error.message))
    })

  test('is not waited for by who stops: a handshake that never comes is broken off', async () => {
    const rig = new ConsoleRig()
    await rig.start({ tls: await loadConsoleTls(join(keys, 'first.key'), join(keys, 'first.crt')) })
    const silent = connectPlain(rig.port, '127.0.0.1')
    silent.on('error', () => undefined)
    await eventually('it is there', () => rig.server.connections === 1)
    const start = performance.now()
    await rig.server.stop()
    expect(performance.now() - start).toBeLessThan(1000)
    silent.destroy()
    await rig.end()
  })

  test('is changed while the console runs, and stays when the new one is no good', async () => {
    const [keyFile, certificateFile] = [join(keys, 'live.key'), join(keys, 'live.crt')]
    const install = (name: string) => {
      copyFileSync(join(keys, `${name}.key`), keyFile)
      copyFileSync(join(keys, `${name}.crt`), certificateFile)
    }
    install('first')
    let looks = 0
    let wake = () => {}
    const sleep = (_milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        looks++
        wake = resolve
        signal?.addEventListener('abort', () => resolve())
      })
    const rig = new ConsoleRig()
    await rig.start({ tls: await loadConsoleTls(keyFile, certificateFile), clock: { ...systemClock, sleep } })
    try {
      const look = async () => {
        const before = looks
        await eventually('it waits', () => looks > 0)
        wake()
        await eventually('it has looked', () => looks > before)
      }
      expect(await ask(rig.port, 'first.example.org')).toBe('HTTP/1.1 200 OK')
      install('second')
      expect(await ask(rig.port, 'second.example.org')).toMatch(/not match/)
      await look()
      expect(await ask(rig.port, 'second.example.org')).toBe('HTTP/1.1 200 OK')
      expect(await ask(rig.port, 'first.example.org')).toMatch(/not match/)
      writeFileSync(keyFile, 'half written')
      await look()
      expect(await ask(rig.port, 'second.example.org')).toBe('HTTP/1.1 200 OK')
      install('first')
      await look()
      expect(await ask(rig.port, 'first.example.org')).toBe('HTTP/1.1 200 OK')
    } finally {
      await rig.end()
    }
  })
})
