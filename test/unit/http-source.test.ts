import { connect } from 'node:net'
import type { Agent } from '../../core/agent/agent.ts'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RunningFlow, toLogger } from '../agent/running-flow.ts'

let flow: RunningFlow
beforeEach(() => {
  flow = new RunningFlow()
})
afterEach(() => flow.end())

let running: Agent | undefined
const agent = () => running ?? expect.unreachable()

async function start(more = ''): Promise<string> {
  running = await flow.start(toLogger('http', `a.sources.r.port = 0\na.sources.r.bind = 127.0.0.1\n${more}`))
  await expect.poll(() => flow.port).toBeGreaterThan(0)
  return `http://127.0.0.1:${flow.port}/`
}

async function post(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: 'POST', body, headers })
  return { status: answer.status, text: await answer.text(), retry: answer.headers.get('retry-after') }
}

describe('an http source with JSON', () => {
  it('stores every event of a request before it says 200', async () => {
    const url = await start()
    const events = [{ headers: { k: 'v', n: 7 }, body: 'one' }, { body: 'zwö' }, {}]
    expect(await post(url, JSON.stringify(events))).toMatchObject({ status: 200, text: '' })
    expect(await post(url, '[]')).toMatchObject({ status: 200 })
    await expect.poll(() => flow.bodies.length).toBe(3)
    expect(flow.lines.find((line) => line.includes('headers:{k=v, n=7}'))).toBeDefined()
    expect(flow.bodies).toEqual(['one', 'zw..', ''])
  })

  it('says what is wrong with a request and stores nothing of it', async () => {
    const url = await start()
    for (const [body, status, text] of [
      ['', 400, 'the request has no body; send a JSON array of events\n'],
      ['null', 400, 'the body must be a JSON array of events; it is null\n'],
      ['{"body":"x"}', 400, 'the body must be a JSON array of events; it is an object\n'],
      ['[{"body":"kept out"},null]', 400, 'event 1 must be an object; it is null\n'],
      ['[{"body":["x"]}]', 400, 'the body of event 0 must be a string; it is an array\n'],
      ['[{"headers":{"h":{}}}]', 400, 'header "h" of event 0 must be a string; it is an object\n'],
    ] as const)
      expect(await post(url, body)).toMatchObject({ status, text })
    expect((await post(url, '[{"body":')).text).toMatch(/^the body is not JSON: /)
    expect(await post(url, '[]', { 'content-type': 'application/json; charset=ebcdic' })).toMatchObject({ status: 415 })
    expect((await fetch(url, { method: 'PUT', body: '[]' })).status).toBe(405)
    expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(403)
    expect(await post(url, '[{"body":"next"}]')).toMatchObject({ status: 200 })
    await expect.poll(() => flow.bodies).toEqual(['next'])
  })

  it('takes compressed bodies, and no bombs', async () => {
    const url = await start('a.sources.r.maxBodySize = 100000\n')
    const body = JSON.stringify([{ body: 'packed' }])
    expect(await post(url, new Uint8Array(gzipSync(body)), { 'content-encoding': 'gzip' })).toMatchObject({
      status: 200,
    })
    expect(await post(url, new Uint8Array(zstdCompressSync(body)), { 'content-encoding': 'zstd' })).toMatchObject({
      status: 200,
    })
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(50_000_000, '[')))
    expect(await post(url, bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 413 })
    expect(await post(url, body, { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 })
    expect(await post(url, body, { 'content-encoding': 'rot13' })).toMatchObject({ status: 415 })
    expect((await post(url, ' '.repeat(100_001))).text).toMatch(/over the limit of 100000 bytes/)
    await expect.poll(() => flow.bodies).toEqual(['packed', 'packed'])
  })

  it('answers 503 and when to try again while the channel is full', async () => {
    const url = await start(
      'a.channels.c.keep-alive = 0\na.channels.c.capacity = 2\na.channels.c.transactionCapacity = 2\n',
    )
    agent().pause('k')
    const answers: Awaited<ReturnType<typeof post>>[] = []
    for (let index = 0; index < 5; index++) answers.push(await post(url, '[{"body":"x"}]'))
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ retry: '5' })
    expect(refused[0]?.text).toMatch(/is full.*try again/s)
  })

  it('outlives noise, and peers that go away in the middle', async () => {
    const url = await start()
    for (const noise of [
      '\0\x01\x02 nonsense\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n[{"bo',
    ])
      await new Promise<void>((resolve) => {
        const socket = connect(flow.port, '127.0.0.1', () =>
          socket.write(noise, () => setTimeout(() => socket.destroy(), 50)),
        )
        socket.on('error', () => undefined).once('close', () => resolve())
      })
    expect(await post(url, '[{"body":"still here"}]')).toMatchObject({ status: 200 })
    await expect.poll(() => flow.bodies).toEqual(['still here'])
  })
})

describe('an http source with blobs', () => {
  it('makes the whole body one event and the query its headers', async () => {
    const url = await start(
      'a.sources.r.handler = org.apache.flume.source.http.BLOBHandler\na.sources.r.handler.mandatoryParameters = name\n',
    )
    expect(await post(`${url}?name=photo&name=second`, 'raw bytes')).toMatchObject({ status: 200 })
    expect(await post(url, 'raw bytes')).toMatchObject({
      status: 400,
      text: 'the parameter name is missing from the address\n',
    })
    await expect.poll(() => flow.bodies).toEqual(['raw bytes'])
    expect(flow.lines.some((line) => line.includes('headers:{name=photo}'))).toBe(true)
  })
})
