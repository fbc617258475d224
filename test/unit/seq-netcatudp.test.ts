import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import type { Log } from '../../core/log.ts'

let directory: string
let agent: Agent | undefined
let lines: string[]

const keep = (_details: object, message: string) => void lines.push(message)
const log: Log = { debug() {}, info: keep, warn: keep, error: keep, child: () => log }

beforeEach(() => {
  lines = []
  directory = mkdtempSync(join(tmpdir(), 'sluice-edges-'))
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  rmSync(directory, { recursive: true, force: true })
})

/** Starts source r -> channel c -> logger. */
async function start(settings: string, channel = 'memory'): Promise<Agent> {
  const text = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.channels = c
a.channels.c.type = ${channel}
a.channels.c.transactionCapacity = 100
a.sinks.k.type = logger
a.sinks.k.maxBytesToLog = 40
a.sinks.k.channel = c
${settings}`
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
  return agent
}

const events = () => lines.filter((line) => line.startsWith('Event:'))
const hex = (text: string) => [...Buffer.from(text)].map((byte) => byte.toString(16).toUpperCase()).join(' ')

describe('seq', () => {
  it('counts to its total through a memory channel that is smaller', async () => {
    await start(`a.sources.r.type = seq
a.sources.r.batchSize = 7
a.sources.r.totalEvents = 250`)
    await expect.poll(() => events().length, { timeout: 2500 }).toBe(250)
    expect(events()[0]).toContain(`body: ${hex('0')} `)
    expect(events()[249]).toContain(`body: ${hex('249')} `)
  })

  it('counts on after a restart where a durable channel says it stood', async () => {
    const settings = (total: number) => `a.sources.r.type = seq
a.sources.r.batchSize = 4
a.sources.r.totalEvents = ${total}`
    const first = await start(settings(10), 'file')
    await expect.poll(() => events().length, { timeout: 2500 }).toBe(10)
    await first.stop()
    lines = []
    await start(settings(13), 'file')
    await expect.poll(() => events().length, { timeout: 2500 }).toBe(3)
    expect(events()[0]).toContain(`body: ${hex('10')} `)
  })
})

describe('netcatudp', () => {
  const port = () => lines.map((line) => /listening on UDP .*:(\d+)/.exec(line)?.[1]).find((found) => found)

  it('makes an event of the first line of each datagram, with its sender, whatever bytes it holds', async () => {
    await start(`a.sources.r.type = netcatudp
a.sources.r.bind = 127.0.0.1
a.sources.r.port = 0
a.sources.r.remoteAddress = from`)
    await expect.poll(port).toBeDefined()
    const socket = createSocket('udp4')
    const send = (bytes: Buffer) =>
      new Promise<void>((resolve, reject) =>
        socket.send(bytes, Number(port()), '127.0.0.1', (error) => (error ? reject(error) : resolve())),
      )
    try {
      await send(Buffer.from('first\nsecond'))
      await send(Buffer.from([0xff, 0x00, 0xfe]))
      await send(Buffer.alloc(0))
      await expect.poll(() => events().length).toBe(3)
      expect(events()[0]).toContain(`{from=/127.0.0.1:${socket.address().port}} body: ${hex('first')} `)
      expect(events()[0]).not.toContain('second')
      expect(events()[1]).toContain('FF 00 FE')
    } finally {
      socket.close()
    }
  })
})
