import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { eventually } from '../agent/flow.ts'
import { ConsoleRig, errorOf, fullToken, readToken } from './console-rig.ts'

let rig: ConsoleRig
let logged: { asked?: string }[]
beforeEach(async () => {
  rig = new ConsoleRig()
  logged = []
  const log = { ...silentLog, info: (details: object) => logged.push(details) }
  await rig.start({ names: ['console.example.org', 'proxied.example.org:8443'], log })
})
afterEach(() => rig.end())

/** Sends bytes as they are; resolves with all that comes back until the other side closes. */
function raw(text: string, milliseconds = 5_000): Promise<string> {
  return new Promise((resolve) => {
    let back = ''
    const socket = connect(rig.port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8').on('data', (piece: string) => (back += piece))
    socket.setTimeout(milliseconds, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(back))
  })
}

const asPage = { 'content-type': 'application/json' }

describe('the console refuses', () => {
  test('a name that is not its own, whatever the token', async () => {
    const { port } = rig
    const own = [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]
    for (const host of [...own, 'console.example.org', 'console.example.org:1', 'proxied.example.org:8443'])
      expect((await rig.asked('/session', { headers: { host } })).status, host).toBe(200)
    for (const host of [
      ...['evil.example.org', `evil.example.org:${port}`, 'localhost', `localhost:${port + 1}`, `127.0.0.1.:${port}`],
      ...[`localhost:${port}@evil.example.org`, `evil.example.org/localhost:${port}`, `2130706433:${port}`],
      ...['proxied.example.org', `localhost:${port}.evil.example.org`, 'xconsole.example.org', '[::1'],
    ]) {
      const answer = await rig.asked('/session', { headers: { host } })
      expect([400, 421], host).toContain(answer.status)
      expect(answer.text).not.toContain('"a1"')
    }
    for (const head of ['GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'])
      expect(await raw(head)).toMatch(/^HTTP\/1.1 421 /)
    const page = await rig.ask(`/?token=${fullToken}`, { headers: { host: '<b>evil' } })
    expect(page.status).toBe(421)
    expect(page.headers['set-cookie']).toBeUndefined()
    expect(page.text).not.toContain('<b>')
  })

  test('calls and subscriptions that a page of another origin sends with our cookie', async () => {
    const opened = await rig.ask(`/?token=${fullToken}`)
    const cookie = opened.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    const own = `http://127.0.0.1:${rig.port}`
    const foreign: Record<string, string>[] = [
      { origin: 'http://evil.example.org' },
      { origin: `http://127.0.0.1:${rig.port + 1}` },
      { origin: 'null' },
      { origin: 'file://' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: own },
      { 'sec-fetch-site': 'same-origin', origin: 'http://evil.example.org' },
    ]
    const pause = (headers: Record<string, string>) =>
      rig.ask('/agents/a1/call/pause', { method: 'POST', headers: { cookie, ...asPage, ...headers }, body: '{}' })
    for (const headers of foreign) {
      const label = JSON.stringify(headers)
      const answer = await pause(headers)
      expect(answer.status, label).toBe(403)
      expect(errorOf(answer).code).toBe('SLUICE_FORBIDDEN')
      const stream = await rig.ask('/agents/a1/subscribe/status', { headers: { cookie, ...headers } })
      expect(stream.status, label).toBe(403)
      expect(Object.keys(stream.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
    expect(rig.agent.status().sources[0]?.command).toBe('running')
    expect((await pause({ origin: own, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect(rig.agent.status().sources[0]?.command).toBe('paused')
  })

  test('a preflight: no other origin may ask anything', async () => {
    const answer = await rig.asked('/agents/a1/call/pause', {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example.org', 'access-control-request-method': 'POST' },
    })
    expect(answer.status).toBe(403)
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('types of body that a foreign form could send', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'text/plain; application/json',
    ]) {
      const headers = { 'content-type': type }
      const answer = await rig.asked('/agents/a1/call/pause', { method: 'POST', headers, body: '{}' })
      expect(answer.status, type).toBe(415)
    }
    expect((await rig.asked('/agents/a1/call/pause', { method: 'POST', body: '{}' })).status).toBe(415)
    const charset = { 'content-type': 'Application/JSON; charset=utf-8' }
    expect((await rig.asked('/agents/a1/call/status', { method: 'POST', headers: charset, body: '{}' })).status).toBe(
      200,
    )
  })

  test('malformed calls, unknown agents and unknown addresses, and lives on', async () => {
    const post = (body: string, name = 'setRate', agent = 'a1') =>
      rig.asked(`/agents/${agent}/call/${name}`, { method: 'POST', headers: asPage, body })
    for (const body of [
      '{',
      '[]',
      '"x"',
      '17',
      'null x',
      '{"channel":"c1","rate":-1}',
      '{"channel":{}}',
      '{"__proto__":1}',
    ])
      expect(errorOf(await post(body)), body).toMatchObject({ code: 'SLUICE_CONTROL' })
    for (const name of ['constructor', 'toString', '__proto__', 'nothing', '%2e%2e', 'a%00b'])
      expect((await post('{}', name)).status, name).toBe(400)
    const stranger = await post('{}', 'status', 'nobody')
    expect(stranger.status).toBe(404)
    expect(errorOf(stranger).message).toBe('there is no agent nobody: give one of a1')
    for (const path of [
      '/agents',
      '/agents/',
      '/agents/a1',
      '/agents/a1/call',
      '/agents/a1/call/',
      '/agents/a1/eval/x',
    ])
      expect((await rig.asked(path)).status, path).toBe(404)
    expect((await rig.asked('/agents/a1/call/status/more')).status).toBe(404)
    expect((await rig.asked('/agents/a1/call/status')).status).toBe(405)
    expect((await rig.asked('/session', { method: 'DELETE' })).status).toBe(405)
    expect((await rig.asked('/agents/a1/subscribe/status?params=%7B')).status).toBe(400)
    expect((await rig.asked('/agents/%zz/call/status')).status).toBe(400)
    for (const line of ['GET http://evil.example.org/ HTTP/1.1', 'GET * HTTP/1.1', 'BREW / HTTP/1.1', 'GET / HTTP/9.9'])
      expect(await raw(`${line}\r\nHost: 127.0.0.1:${rig.port}\r\n\r\n`), line).toMatch(/^HTTP\/1.1 400 /)
    expect(await raw(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}\r\n`)).toMatch(/^(HTTP\/1.1 4|$)/)
    expect((await rig.call('status', {})).status).toBe(200)
  })

  test('a body over the limit, before it has come', async () => {
    const head =
      `POST /agents/a1/call/configCheck HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${fullToken}\r\n` +
      'Content-Type: application/json\r\n'
    expect(await raw(`${head}Content-Length: 1000000000\r\n\r\n{`)).toMatch(/^HTTP\/1.1 413 /)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}`)).toMatch(/^HTTP\/1.1 413 /)
    expect((await rig.call('status', {})).status).toBe(200)
  })

  test('every way out of the page’s folder and of the exports', async () => {
    symlinkSync(join(rig.directory, 'secret.txt'), join(rig.renderer, 'link.txt'))
    symlinkSync(join(rig.directory, 'secret.txt'), join(rig.exports, 'link.ndjson'))
    writeFileSync(join(rig.exports, 'unfinished.ndjson.part'), 'nobody may read this')
    mkdirSync(join(rig.exports, 'folder.avro'))
    mkdirSync(join(rig.exports, 'folder'))
    writeFileSync(join(rig.exports, '.hidden'), 'nobody may read this')
    const ways = [
      ...['../secret.txt', '%2e%2e/secret.txt', '..%2fsecret.txt', '%2e%2e%2fsecret.txt', '..%5csecret.txt'],
      ...['..\\secret.txt', '....//secret.txt', '.%00./secret.txt', '../secret.txt%00.svg', 'assets/../../secret.txt'],
      ...[
        '%252e%252e%252fsecret.txt',
        '..%c0%afsecret.txt',
        '%ef%bc%8e%ef%bc%8e/secret.txt',
        'link.txt',
        '.hidden',
        'link.ndjson',
        'folder.avro',
        'unfinished.ndjson.part',
      ],
      ...[
        join(rig.directory, 'secret.txt'),
        `/${join(rig.directory, 'secret.txt')}`,
        `file:%2f%2f${rig.directory}/secret.txt`,
      ],
      ...['folder', 'folder/', '.', '..', '%2e', '', 'a'.repeat(300), 'x:y', 'con:$DATA', '%0d%0aset-cookie:%20x=1'],
    ]
    for (const way of ways)
      for (const path of [`/${way}`, `/assets/${way}`, `/agents/a1/export/${way}`, `/agents/a1/export/folder/${way}`]) {
        const answer = await rig.asked(path)
        expect(answer.text, path).not.toContain('nobody may read this')
        if (path !== '/' && path !== '/assets/') expect([400, 404], path).toContain(answer.status)
        expect(answer.headers['set-cookie']).toBeUndefined()
      }
  })

  test('what a read-only token may not do, with the reason', async () => {
    expect((await rig.call('status', {}, readToken)).status).toBe(200)
    expect((await rig.call('history', { series: 'x', from: 0, to: 1, pixels: 1 }, readToken)).status).not.toBe(403)
    for (const [name, params] of [
      ['pause', {}],
      ['drain', { channel: 'c1' }],
      ['stop', {}],
      ['acknowledge', { ids: 'all' }],
      ['configApply', { files: [{ path: '/etc/passwd', text: 'x' }] }],
    ] as const) {
      const answer = await rig.call(name, params, readToken)
      expect(answer.status, name).toBe(403)
      expect(errorOf(answer)).toMatchObject({
        code: 'SLUICE_FORBIDDEN',
        message: expect.stringMatching(new RegExp(`^${name} needs the role \\w+; yours is read$`)) as string,
      })
    }
    expect(rig.agent.status().sources[0]?.command).toBe('running')
    expect((await rig.call('pause', {})).status).toBe(200)
    expect(logged.filter(({ asked }) => asked === 'pause')).toEqual([
      { agent: 'a1', asked: 'pause', role: 'read', address: '127.0.0.1' },
      { agent: 'a1', asked: 'pause', role: 'configure', address: '127.0.0.1' },
    ])
    expect(logged.some(({ asked }) => asked === 'status')).toBe(false)
  })
})

describe('the console serves', () => {
  test('an export as a download, whole, and nothing of it when there is none', async () => {
    const text = '<script>alert(1)</script>\n'.repeat(100_000)
    writeFileSync(join(rig.exports, 'c1-2026.ndjson'), text)
    const answer = await rig.asked('/agents/a1/export/c1-2026.ndjson', {}, readToken)
    expect(answer.status).toBe(200)
    expect(answer.text === text).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-disposition': 'attachment; filename="c1-2026.ndjson"',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    })
    expect((await rig.asked('/agents/a1/export/none.ndjson')).status).toBe(404)
    expect((await rig.asked('/agents/a1/export/c1-2026.ndjson', { method: 'POST' })).status).toBe(405)
    writeFileSync(join(rig.exports, 'empty.avro'), '')
    expect(await rig.asked('/agents/a1/export/empty.avro')).toMatchObject({ status: 200, text: '' })
  })

  test('an export that the agent makes: asked for, heard of, fetched', async () => {
    rig.agent.pause('k1')
    await rig.source('r1').push('one', '<b>two</b>', 'three')
    const params = encodeURIComponent(JSON.stringify({ channel: 'c1', format: 'ndjson' }))
    const path = `/agents/a1/subscribe/backlogExport?params=${params}`
    expect((await rig.asked(path, {}, readToken)).status).toBe(403)
    const stream = await rig.asked(path)
    expect(stream.status).toBe(200)
    expect(stream.text).toMatch(/event: ended\ndata: null\n\n$/)
    const [, file = ''] = /"file":"([^"]+)"/.exec(stream.text) ?? []
    const lines = (await rig.asked(`/agents/a1/export/${file}`)).text.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain('<b>two</b>')
    await rig.call('removeExport', { file })
    expect((await rig.asked(`/agents/a1/export/${file}`)).status).toBe(404)
  })

  test('the rest of an export to who has its beginning, and all of it when it is another one', async () => {
    const file = join(rig.exports, 'c1.ndjson')
    writeFileSync(file, '0123456789')
    const part = (range: string, more: Record<string, string> = {}) =>
      rig.asked('/agents/a1/export/c1.ndjson', { headers: { range, ...more } })
    const { headers } = await rig.asked('/agents/a1/export/c1.ndjson')
    const same = { 'if-range': String(headers.etag) }
    const rest = await part('bytes=4-', same)
    expect(rest).toMatchObject({ status: 206, text: '456789' })
    expect(rest.headers['content-range']).toBe('bytes 4-9/10')
    expect(await part('bytes=0-0')).toMatchObject({ status: 206, text: '0' })
    expect(await part('bytes=-3')).toMatchObject({ status: 206, text: '789' })
    expect(await part('bytes=8-99')).toMatchObject({ status: 206, text: '89' })
    for (const range of ['bytes=10-', 'bytes=-0', 'bytes=99999-']) expect((await part(range)).status, range).toBe(416)
    for (const range of ['bytes=5-4', 'lines=1-2', 'bytes=1-2,4-5', 'bytes=-', 'bytes=x', 'bytes=9999999999999999999-'])
      expect(await part(range), range).toMatchObject({ status: 200, text: '0123456789' })
    writeFileSync(file, 'another one')
    expect(await part('bytes=4-', same)).toMatchObject({ status: 200, text: 'another one' })
  })

  test('subscriptions until the client goes', async () => {
    const listeners = () => rig.listening
    expect(listeners()).toBe(0)
    const socket = connect(rig.port, '127.0.0.1')
    let seen = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (seen += piece))
    socket.write(
      `GET /agents/a1/subscribe/status HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${readToken}\r\n\r\n`,
    )
    await eventually('the state arrives', () => /data: \{"agent":"a1"/.test(seen))
    expect(seen).toContain('text/event-stream')
    expect(listeners()).toBe(1)
    socket.destroy()
    await eventually('the subscription ends', () => listeners() === 0)
    expect(rig.server.connections).toBe(0)
  })
})
