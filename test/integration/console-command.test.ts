import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasOpenssl, makeAuthority, makeCertificate } from '../unit/certificates.ts'
import { runSluice, SluiceProcess } from './sluice-process.ts'
import { unusedPort } from './two-tiers.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = seq
a1.sources.r1.totalEvents = 10
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
`
const ownToken = 'an operator wrote this token'

let directory: string
let running: SluiceProcess | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-console-command-'))
  writeFileSync(join(directory, 'flow.properties'), flow)
  writeFileSync(join(directory, 'token'), `${ownToken}\n`, { mode: 0o600 })
  writeFileSync(join(directory, 'read-token'), 'another for who may look\n', { mode: 0o600 })
})
afterEach(async () => {
  await running?.kill()
  running = undefined
  rmSync(directory, { recursive: true, force: true })
})

const agentArguments = (...more: string[]) => [
  ...['agent', '--name', 'a1', '--conf-file', join(directory, 'flow.properties')],
  ...['--data-dir', join(directory, 'data'), ...more],
]
const agent = (...more: string[]) => (running = new SluiceProcess(agentArguments(...more), { directory }))
const refused = (...more: string[]) => runSluice(agentArguments(...more), { directory })

interface Asked {
  readonly path?: string
  readonly token?: string
  readonly cookie?: string
  readonly host?: string
  readonly ca?: Buffer
}

function ask(url: string, { path = '/session', token, cookie, host, ca }: Asked) {
  return new Promise<{ status: number; text: string; cookie: string }>((resolve, reject) => {
    const { protocol, hostname, port } = new URL(url)
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(host === undefined ? {} : { host }),
    }
    const send = protocol === 'https:' ? tlsRequest : plainRequest
    const sending = send({ host: hostname, port, path, headers, agent: false, ca, servername: hostname }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      const [set = ''] = answer.headers['set-cookie'] ?? []
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text, cookie: set }))
      answer.once('close', () => reject(new Error('the answer was broken off')))
    })
    sending.once('error', reject)
    sending.end()
  })
}

describe('sluice agent --console', () => {
  it('is there before the channels are: opening one may take long, and is to be seen', async () => {
    writeFileSync(join(directory, 'flow.properties'), flow.replace('c1.type = memory', 'c1.type = file'))
    const started = agent('--console')
    await started.says(/channel open/)
    expect(started.stderr.indexOf('serving the console')).toBeGreaterThanOrEqual(0)
    expect(started.stderr.indexOf('serving the console')).toBeLessThan(started.stderr.indexOf('channel open'))
  })

  it('prints an address that opens it, keeps its token to itself, and keeps it over a restart', async () => {
    const [line = '', url = '', token = ''] = await agent('--console').says(
      /(http:\/\/127\.0\.0\.1:\d+\/)\?token=(\S+)/,
    )
    expect(line).toContain(token)
    const file = join(directory, 'data', 'console-token')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toBe(`${token}\n`)
    expect(token.length).toBeGreaterThanOrEqual(43)
    const opened = await ask(url, { path: `/?token=${token}` })
    expect(opened.status).toBe(303)
    const [cookie = ''] = opened.cookie.split(';')
    expect(await ask(url, { cookie })).toMatchObject({ status: 200, text: expect.stringContaining('"a1"') as string })
    expect(running?.stderr).not.toContain(token)

    const stream = ask(url, { path: '/agents/a1/subscribe/status', cookie }).catch(() => 'broken off')
    const end = await running?.stop()
    expect(end).toMatchObject({ code: 0 })
    expect(end?.took).toBeLessThan(4000)
    await stream
    const port = new URL(url).port
    await agent('--console', port).says(new RegExp(`token=${token}`))
    expect((await ask(url, { cookie })).status).toBe(200)
  })

  it('takes an operator’s own tokens and does not print them', async () => {
    const tokens = ['--console-token-file', 'token', '--console-read-token-file', 'read-token']
    const [, url = ''] = await agent('--console', `127.0.0.1:${await unusedPort()}`, ...tokens).says(/(http:\S+\/) /)
    expect(JSON.parse((await ask(url, { token: ownToken })).text)).toMatchObject({ role: 'configure' })
    expect(JSON.parse((await ask(url, { token: 'another for who may look' })).text)).toMatchObject({ role: 'read' })
    expect(running?.stdout).not.toContain(ownToken)
    expect(running?.stderr).not.toContain(ownToken)
    expect(existsSync(join(directory, 'data', 'console-token'))).toBe(false)
  })

  it('says what is wrong before anything runs', async () => {
    writeFileSync(join(directory, 'short'), 'secret\n', { mode: 0o600 })
    for (const [args, code, said] of [
      [
        ['--console', '0.0.0.0:4180'],
        2,
        /needs TLS \(--console-cert FILE and --console-key FILE\) and a token of your own/,
      ],
      [
        ['--console', '192.0.2.1:4180', '--console-token-file', 'token'],
        2,
        /needs TLS .* ssh -L 4180:127\.0\.0\.1:4180/,
      ],
      [['--console', '[::]:4180'], 2, /other machines could reach the console/],
      [['--console', 'localhost.example.org:4180'], 2, /other machines could reach the console/],
      [['--console', 'nonsense:x'], 2, /--console: "x" is no port/],
      [['--console', '--console-token-file', 'short'], 2, /token has 6 characters: give at least 16/],
      [['--console', '--console-token-file', 'none'], 1, /none.*openssl rand/],
      [['--console', '--console-token-file', 'token', '--console-read-token-file', 'token'], 2, /are the same/],
      [['--console', '--console-name', 'http://x/'], 2, /"http:\/\/x\/" is no name of a host/],
      [['--console', '--console-cert', 'token'], 2, /HTTPS needs both/],
      [['--console', '--console-cert', 'token', '--console-key', 'token'], 1, /holds no certificate/],
      [['--console-token-file', 'token'], 2, /add --console/],
    ] as const) {
      const run = await refused(...args)
      expect({ args, code: run.code }).toEqual({ args, code })
      expect(run.stderr).toMatch(said)
      expect(run.stderr).not.toContain(ownToken)
    }
    expect(existsSync(join(directory, 'data'))).toBe(false)
  })

  it('says when its port is taken, and the agent does not half run', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
    try {
      const run = await refused('--console', String(port))
      expect(run.code).toBe(1)
      expect(run.stderr).toMatch(/cannot listen on 127\.0\.0\.1:\d+: something else listens there/)
    } finally {
      other.close()
    }
  })

  it('warns of a token that everybody can read', async () => {
    chmodSync(join(directory, 'token'), 0o644)
    await agent('--console', '--console-token-file', 'token').says(/everybody on this machine can read/)
  })
})

describe.runIf(hasOpenssl())('the console for other machines', () => {
  let keys: string
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'sluice-console-keys-'))
    makeAuthority(keys)
    makeCertificate(keys, 'console', 'DNS:localhost,DNS:console.example.org,IP:127.0.0.1')
    makeCertificate(keys, 'other', 'DNS:other.example.org')
    return () => rmSync(keys, { recursive: true, force: true })
  })
  const tls = (name = 'console', key = name) => [
    ...['--console-cert', join(keys, `${name}.crt`), '--console-key', join(keys, `${key}.key`)],
  ]

  it('is served over TLS, under the names of its certificate only', async () => {
    const port = await unusedPort()
    await agent('--console', `0.0.0.0:${port}`, '--console-token-file', 'token', ...tls()).says(/https:\/\/\S+/)
    const ca = readFileSync(join(keys, 'ca.pem'))
    const url = `https://localhost:${port}/`
    const token = ownToken
    expect((await ask(url, { ca, token })).status).toBe(200)
    expect((await ask(url, { ca })).status).toBe(401)
    expect((await ask(url, { ca, token, host: `console.example.org:${port}` })).status).toBe(200)
    expect((await ask(url, { ca, token, host: `evil.example.org:${port}` })).status).toBe(421)
    const opened = await ask(url, { ca, path: `/?token=${encodeURIComponent(token)}` })
    expect(opened.cookie).toMatch(/^__Host-sluice-\d+=\S+; .*SameSite=Strict; Path=\/; Secure$/)
    const [cookie = ''] = opened.cookie.split(';')
    expect((await ask(url, { ca, cookie })).status).toBe(200)
    await expect(ask(`http://127.0.0.1:${port}/`, { token })).rejects.toThrow()
    expect((await ask(url, { ca, token })).status).toBe(200)
  })

  it('refuses a key that is not the certificate’s, and TLS without a token of one’s own', async () => {
    const wrong = await refused('--console', ...tls('console', 'other'))
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toMatch(/other\.key is not the key of the certificate/)
    const bare = await refused('--console', '0.0.0.0:4180', ...tls())
    expect(bare).toMatchObject({ code: 2 })
    expect(bare.stderr).toMatch(/needs a token of your own \(--console-token-file FILE\)\. Or keep it on/)
  })
})

describe('sluice start', () => {
  it('has a console with all agents of the workspace, unless it is told not to', async () => {
    const workspace = join(directory, 'workspace')
    mkdirSync(workspace)
    running = new SluiceProcess(['start', '--headless', '--workspace', workspace])
    const [, url = '', token = ''] = await running.says(/(http:\/\/127\.0\.0\.1:\d+\/)\?token=(\S+)/)
    expect(JSON.parse((await ask(url, { token })).text)).toMatchObject({ agents: ['edge', 'collector'] })
    for (const name of ['edge', 'collector']) {
      const path = `/agents/${name}/export/none`
      expect((await ask(url, { token, path })).text).toContain('there is no export of that name')
    }
    expect((await running.stop()).code).toBe(0)
    running = new SluiceProcess(['start', '--headless', '--no-console', '--workspace', workspace])
    await running.says(/Ctrl-C stops it all/)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(running.stdout).not.toContain('http://127')
  })
})
