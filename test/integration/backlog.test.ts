import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { BacklogLook } from '../../core/backlog/backlog-look.ts'
import { FileChannel } from '../../core/channel/file/file-channel.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import { ControlClient } from '../../core/control/client.ts'
import type { SubscriptionMessage, SubscriptionName, SubscriptionParams } from '../../core/control/contract.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { SocketListener } from '../../core/control/socket-listener.ts'
import { SocketPort } from '../../core/control/socket-port.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { silentLog } from '../../core/log.ts'
import { drainNumbers, makeFileChannel, range } from '../file-channel-rig.ts'

let directory: string
let agent: Agent
let server: ControlServer
let client: ControlClient
const endings: (() => Promise<unknown>)[] = []

const total = 5_000
/** For what trails by milliseconds, on a machine that is busy with other tests. */
const soon = { timeout: 10_000 }

/** An agent whose channel `c1` is filled by hand and emptied by nobody. */
async function start(channelSettings = ''): Promise<FileChannel> {
  const text = `a1.sources = r1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = m1
a1.channels = c1 m1
a1.channels.c1.type = file
a1.channels.m1.type = memory
${channelSettings}`
  const registry = builtinRegistry()
  const files = [{ path: 'flow.properties', text }]
  const { config, findings } = await loadConfig({
    files,
    agent: 'a1',
    registry,
    baseDirectory: directory,
    lenient: true,
  })
  if (config === undefined) throw new Error(JSON.stringify(findings))
  agent = new Agent({ config, registry, log: silentLog, dataDirectory: directory, baseDirectory: directory })
  await agent.start()
  endings.push(() => agent.stop())
  server = new ControlServer({ agent, log: silentLog })
  endings.push(() => server.close())
  const listener = new SocketListener({ port: server, agent: 'a1', folder: directory })
  client = new ControlClient(new SocketPort(await listener.start()))
  endings.push(() => listener.stop())
  const { channel } = agent.graph.findChannel('c1')
  if (!(channel instanceof FileChannel)) throw new Error('no file channel')
  return channel
}

async function fill(channel: FileChannel, events = total): Promise<void> {
  for (let first = 0; first < events; first += 100) {
    const builder = new BatchBuilder(1024)
    for (let number = first; number < Math.min(events, first + 100); number++)
      builder.addEvent(
        new Map([['host', `h${number % 3}`]]),
        Buffer.from(`${number} line with needle${number % 500} in it`),
      )
    await channel.put(builder.finish())
  }
  await expect.poll(async () => (await client.call('backlogSummary', { channel: 'c1' })).queued, soon).toBe(events)
}

function batchOf(body: Buffer) {
  const builder = new BatchBuilder(64)
  builder.addBody(body)
  return builder.finish()
}

/** Every message of a stream until it has ended by itself. */
async function stream<Name extends SubscriptionName>(
  name: Name,
  params: SubscriptionParams<Name>,
): Promise<SubscriptionMessage<Name>[]> {
  const messages: SubscriptionMessage<Name>[] = []
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  await client.subscribe(
    name,
    params,
    (message) => messages.push(message),
    (error) => {
      if (error === undefined) resolve(undefined)
      else reject(error instanceof Error ? error : new Error('no error'))
    },
  )
  await promise
  return messages
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-backlog-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true, force: true })
})

const key = 'a'.repeat(64)

describe.each([
  ['plain', ''],
  ['compressed', 'a1.channels.c1.compression = zstd\n'],
])('the events that wait, %s', (_, settings) => {
  test('are listed from either end, at a number, at a time and at a place, without being taken', async () => {
    const channel = await start(settings)
    await fill(channel)
    const numbers = ({ rows }: { rows: { number: number }[] }) => rows.map(({ number }) => number)
    expect(numbers(await client.call('backlogPage', { channel: 'c1', limit: 5 }))).toEqual(range(0, 5))
    const newest = await client.call('backlogPage', { channel: 'c1', from: 'newest', limit: 5 })
    expect(numbers(newest)).toEqual(range(total - 5, total))
    expect(newest).toMatchObject({ position: total - 5, total })
    const back = { channel: 'c1', from: { event: 777 }, backward: true, limit: 3 }
    expect(numbers(await client.call('backlogPage', back))).toEqual([775, 776, 777])
    expect(numbers(await client.call('backlogAt', { channel: 'c1', position: 1234, limit: 300 }))).toEqual(
      range(1234, 1534),
    )
    const [row] = newest.rows
    if (row === undefined) throw new Error('no row')
    const later = await client.call('backlogPage', { channel: 'c1', from: { at: row.at }, limit: 1 })
    expect(later.rows[0]?.at).toBe(row.at)
    expect(row).toMatchObject({ headers: [['host', `h${(total - 5) % 3}`]], binary: false, bodyCut: false })

    const whole = await client.call('backlogEvent', { channel: 'c1', number: 42 })
    expect(Buffer.from(whole.body, 'base64').toString()).toBe('42 line with needle42 in it')
    expect(await client.call('backlogCounts', { channel: 'c1', header: 'host' })).toEqual({
      values: ['h0', 'h1', 'h2'].map((value, at) => ({ value, events: Math.ceil((total - at) / 3) })),
      ...{ without: 0, others: 0, counted: total, total },
    })
    expect(channel.stats().ledger).toMatchObject({ queued: total, delivered: 0 })
    expect(await drainNumbers(channel)).toEqual(range(0, total))
    await expect.poll(async () => (await client.call('backlogPage', { channel: 'c1' })).total, soon).toBe(0)
    await expect(client.call('backlogEvent', { channel: 'c1', number: 42 })).rejects.toMatchObject({
      code: 'SLUICE_CONTROL',
      message: expect.stringContaining('does not wait any more') as string,
    })
  })

  test('are searched by text, pattern and header, to the last one, and only while they wait', async () => {
    const channel = await start(settings)
    await fill(channel)
    const lease = await channel.take(700, 1 << 20, 100)
    await lease?.ack()
    await expect.poll(async () => (await client.call('backlogSummary', { channel: 'c1' })).low, soon).toBe(lease?.count)
    const hits = async (query: SubscriptionParams<'backlogSearch'>['query'], rest = {}) =>
      (await stream('backlogSearch', { channel: 'c1', query, ...rest })).flatMap((message) =>
        message.hits.map(({ number }) => number),
      )
    const waiting = (wanted: number[]) => wanted.filter((number) => number >= (lease?.count ?? 0))
    expect(await hits({ text: 'needle77 ' })).toEqual(waiting(range(0, 10).map((at) => 77 + 500 * at)))
    expect(await hits({ text: 'NEEDLE77 ', ignoreCase: true })).toHaveLength(
      waiting(range(0, 10).map((at) => 77 + 500 * at)).length,
    )
    expect(await hits({ regex: '^49\\d\\d line' })).toEqual(range(4900, 5000))
    expect(await hits({ regex: '^49\\d\\d line', header: { name: 'host', value: 'h1' } })).toEqual(
      range(4900, 5000).filter((number) => number % 3 === 1),
    )
    expect(await hits({ text: 'needle' }, { from: 'newest', backward: true, limit: 3 })).toEqual([4999, 4998, 4997])
    const all = await stream('backlogSearch', { channel: 'c1', query: {}, limit: 100_000 })
    expect(all.at(-1)).toMatchObject({ done: true, limited: false, events: total - (lease?.count ?? 0), damaged: 0 })
    expect(all.flatMap((message) => message.hits)).toHaveLength(total - (lease?.count ?? 0))
  })

  test('are exported as NDJSON and as an Avro container, whole or found', async () => {
    const channel = await start(settings)
    await fill(channel, 300)
    await channel.put(batchOf(Buffer.from([0xff, 0, 1])))
    await expect.poll(async () => (await client.call('backlogSummary', { channel: 'c1' })).queued, soon).toBe(301)
    const last = (await stream('backlogExport', { channel: 'c1' })).at(-1)
    expect(last).toMatchObject({ done: true, written: 301, total: 301 })
    const text = readFileSync(join(directory, 'exports', last?.file ?? ''), 'utf8')
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[299]).toMatchObject({ number: 299, headers: { host: 'h2' }, body: '299 line with needle299 in it' })
    expect(lines[300]).toMatchObject({ bodyBase64: Buffer.from([0xff, 0, 1]).toString('base64') })

    const avro = await stream('backlogExport', { channel: 'c1', format: 'avro', query: { text: 'needle29' } })
    const file = join(directory, 'exports', avro.at(-1)?.file ?? '')
    const found: { headers: Record<string, string>; body: Buffer }[] = []
    await new Promise((resolve, reject) => {
      avsc
        .createFileDecoder(file)
        .on('data', (event: (typeof found)[0]) => found.push(event))
        .on('end', resolve)
        .on('error', reject)
    })
    expect(found.map(({ body }) => Number.parseInt(body.toString(), 10))).toEqual([29, ...range(290, 300)])
    const kept = await client.call('exports', {})
    expect(kept.map(({ file: name }) => name).sort()).toEqual(readdirSync(join(directory, 'exports')).sort())
    await client.call('removeExport', { file: kept[0]?.file ?? '' })
    expect(readdirSync(join(directory, 'exports'))).toHaveLength(1)
    await expect(client.call('removeExport', { file: '../agent.db' })).rejects.toThrow(/is no export/)
  })
})

test(
  'a pattern that backtracks without end is given up, and a cancelled export leaves nothing',
  { timeout: 60_000 },
  async () => {
    const channel = await start()
    await channel.put(batchOf(Buffer.from(`${'a'.repeat(40)}!`)))
    await expect.poll(async () => (await client.call('backlogSummary', { channel: 'c1' })).queued, soon).toBe(1)
    await expect(stream('backlogSearch', { channel: 'c1', query: { regex: '^(a+)+$' } })).rejects.toThrow(
      /takes more than 5 s on event 0/,
    )
    // The agent is as lively as before, and the next search has its turn.
    const found = await stream('backlogSearch', { channel: 'c1', query: { text: 'aaa!' } })
    expect(found.at(-1)).toMatchObject({ done: true, events: 1 })

    const end = await client.subscribe('backlogExport', { channel: 'c1', query: { regex: '^(a+)+$' } }, () => undefined)
    const exports = join(directory, 'exports')
    await expect.poll(() => readdirSync(exports), soon).toHaveLength(1)
    end()
    await expect.poll(() => readdirSync(exports), soon).toEqual([])
  },
)

test('events at rest under a key are read with it, a wrong folder and a memory channel are refused in words', async () => {
  const folder = join(directory, 'sealed')
  const keys = [Buffer.from(key, 'hex')]
  const sealed = makeFileChannel(folder, { codec: { compression: 'none', keys } })
  await sealed.open()
  await sealed.put(batchOf(Buffer.from('a secret')))
  await sealed.close(1_000)
  const look = new BacklogLook({ folder, keys })
  expect((await look.page('oldest', 5, false)).rows[0]?.body).toBe('a secret')
  await look.close()
  const blind = new BacklogLook({ folder, keys: [] })
  await expect(blind.page('oldest', 5, false)).rejects.toMatchObject({ code: 'SLUICE_CONFIG' })
  await blind.close()
  expect(() => new BacklogLook({ folder: directory, keys: [] })).toThrow(/is no channel folder/)

  await start()
  await expect(client.call('backlogPage', { channel: 'm1' })).rejects.toThrow(/keeps its events in memory/)
  await expect(client.call('backlogPage', { channel: 'nope' })).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
  const bad = client.subscribe('backlogSearch', { channel: 'c1', query: { regex: '(' } }, () => undefined)
  await expect(bad).rejects.toThrow(/regular expression cannot be used/)
})
