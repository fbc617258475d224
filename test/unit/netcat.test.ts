import { connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import type { Log } from '../../core/log.ts'
import { LineBuffer, textDecoding } from '../../core/source/netcat/line-buffer.ts'

let directory: string
let agent: Agent | undefined
let lines: string[]

/** Collects what the logger sink prints and the port that the source says it listens on. */
const log: Log = {
  debug() {},
  info: (_details, message) => void lines.push(message),
  warn: (_details, message) => void lines.push(message),
  error: (_details, message) => void lines.push(message),
  child: () => log,
}

beforeEach(() => {
  lines = []
  directory = mkdtempSync(join(tmpdir(), 'sluice-netcat-'))
})
afterEach(async () => {
  await agent?.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Starts netcat -> memory -> logger; resolves with the port. */
async function start(more = ''): Promise<number> {
  const text = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = 0
a.sources.r.channels = c
a.channels.c.type = memory
a.channels.c.transactionCapacity = 1000
a.channels.c.capacity = 1000
a.sinks.k.type = logger
a.sinks.k.maxBytesToLog = 40
a.sinks.k.channel = c
${more}`
  const registry = builtinRegistry()
  const { config, findings } = await loadConfig({
    files: [{ path: join(directory, 'a.properties'), text }],
    agent: 'a',
    registry,
    environment: {},
    properties: {},
    baseDirectory: directory,
  })
  if (!config) throw new Error(JSON.stringify(findings))
  agent = new Agent({ config, registry, dataDirectory: directory, baseDirectory: directory, log })
  await agent.start()
  const port = () => lines.map((line) => /listening on .*:(\d+)/.exec(line)?.[1]).find((found) => found !== undefined)
  await expect.poll(port).toBeDefined()
  return Number(port())
}

function open(port: number): { socket: Socket; answers: () => string; closed: Promise<void> } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  return { socket, answers: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve())) }
}

const events = () =>
  lines.filter((line) => line.startsWith('Event:')).map((line) => line.replaceAll(/.{9}[0-9A-F ]{48}/g, ''))

describe('a netcat source', () => {
  it('makes an event of each line, answers OK to each, and keeps text without a newline at the end', async () => {
    const { socket, answers, closed } = open(await start())
    socket.write('one\ntw')
    socket.write('o\n\nthr')
    socket.end('ee')
    await closed
    expect(answers()).toBe('OK\nOK\nOK\nOK\n')
    await expect.poll(() => events().length).toBe(4)
    expect(events().map((line) => /(one|two|three) }|body: }/.exec(line)?.[0])).toEqual([
      'one }',
      'two }',
      'body: }',
      'three }',
    ])
  })

  it('tells a peer that a line is too long, closes, and serves the next peer', async () => {
    const port = await start('a.sources.r.max-line-length = 20\n')
    const long = open(port)
    long.socket.write(`good\n${'x'.repeat(100_000)}`)
    await long.closed
    expect(long.answers()).toBe('OK\nFAILED: Event exceeds the maximum length (20 chars, including newline)\n')
    const next = open(port)
    next.socket.end('next\n')
    await next.closed
    expect(next.answers()).toBe('OK\n')
  })

  it('stays silent when ack-every-event is off, and outlives a peer that resets its connection', async () => {
    const port = await start('a.sources.r.ack-every-event = false\n')
    const rude = open(port)
    rude.socket.write('kept\nlost half')
    await expect.poll(() => events().length).toBe(1)
    rude.socket.resetAndDestroy()
    const next = open(port)
    next.socket.end('next\n')
    await next.closed
    expect(next.answers()).toBe('')
    await expect.poll(() => events().length).toBe(2)
  })

  it('waits with a full channel and loses nothing', async () => {
    const port = await start(
      'a.channels.c.capacity = 10\na.channels.c.transactionCapacity = 10\na.channels.c.keep-alive = 0\n',
    )
    const { socket, answers, closed } = open(port)
    socket.end(Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join(''))
    await closed
    expect(answers()).toBe('OK\n'.repeat(1000))
    await expect.poll(() => events().length).toBe(1000)
  })

  it('says that a port is taken, by whom it may be and what helps, and starts when it is free', async () => {
    const port = await start()
    const other = new Agent({
      ...(await second(port)),
      dataDirectory: join(directory, 'other'),
      baseDirectory: directory,
      log,
    })
    await other.start()
    await expect.poll(() => lines.find((line) => line.includes('something else listens there'))).toBeDefined()
    await other.stop()
  })
})

async function second(port: number) {
  const registry = builtinRegistry()
  const text = `b.sources = r
b.channels = c
b.sinks = k
b.sources.r.type = netcat
b.sources.r.bind = 127.0.0.1
b.sources.r.port = ${port}
b.sources.r.channels = c
b.channels.c.type = memory
b.sinks.k.type = null
b.sinks.k.channel = c
`
  const { config } = await loadConfig({
    files: [{ path: join(directory, 'b.properties'), text }],
    agent: 'b',
    registry,
    environment: {},
    properties: {},
    baseDirectory: directory,
  })
  if (!config) throw new Error('the second configuration is broken')
  return { config, registry }
}

describe('lines of a connection', () => {
  const utf8 = () => textDecoding('utf-8') ?? expect.unreachable()

  it('counts characters, not bytes', () => {
    expect(new LineBuffer(5, utf8()).add(Buffer.from('äöüß\n')).tooLong).toBe(false)
    expect(new LineBuffer(4, utf8()).add(Buffer.from('äöüß\n')).tooLong).toBe(true)
  })

  it('takes ISO-8859-1 at its word: all 256 bytes are characters of their own', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10))
    for (const name of ['ISO-8859-1', 'iso8859-1', 'latin1']) {
      const decoding = textDecoding(name) ?? expect.unreachable()
      expect(decoding.decode(bytes, true).toString()).toBe(bytes.toString('latin1'))
    }
  })

  it('decodes other encodings across chunks', () => {
    const decoding = textDecoding('utf-16le') ?? expect.unreachable()
    const buffer = new LineBuffer(100, decoding)
    const bytes = Buffer.from('größe 😀\nrest', 'utf16le')
    const bodies: string[] = []
    for (const byte of bytes) bodies.push(...buffer.add(Buffer.from([byte])).bodies.map(String))
    expect([...bodies, buffer.end()?.toString()]).toEqual(['größe 😀', 'rest'])
  })
})
