import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { ControlClient } from '../../core/control/client.ts'
import { readControlFile } from '../../core/control/control-file.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { SocketListener } from '../../core/control/socket-listener.ts'
import { SocketPort } from '../../core/control/socket-port.ts'
import { silentLog } from '../../core/log.ts'
import { eventually, flow, testRegistry } from '../agent/flow.ts'

let directory: string
const endings: (() => Promise<unknown>)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-control-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true, force: true })
})

async function serve(folder = directory) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { registry, source } = testRegistry()
  const agent = new Agent({
    ...{ config: flow(), registry, log: silentLog },
    ...{ dataDirectory: folder, baseDirectory: folder },
  })
  await agent.start()
  endings.push(() => agent.stop())
  const server = new ControlServer({ agent, log: silentLog })
  const listener = new SocketListener({ port: server, agent: 'a1', folder })
  const socket = await listener.start()
  endings.push(() => listener.stop())
  return { agent, source, server, listener, socket, client: new ControlClient(new SocketPort(socket)) }
}

describe('the control socket', () => {
  test('answers calls, and opens to its own user only', async () => {
    const { client, socket, agent } = await serve()
    expect((await client.call('status', {})).channels[0]?.name).toBe('c1')
    await client.call('pause', { component: 'r1' })
    expect(agent.status().sources[0]?.command).toBe('paused')
    expect(statSync(socket).mode & 0o777).toBe(0o600)
    expect(readControlFile(directory)).toMatchObject({ agent: 'a1', pid: process.pid, socket })
  })

  test('works where the folder has a longer path than a socket may have', async () => {
    const folder = join(directory, 'x'.repeat(120))
    const { client, socket, listener } = await serve(folder)
    expect(Buffer.byteLength(socket)).toBeLessThan(100)
    expect(await client.call('historySeries', {})).toContain('channel:c1:events')
    await listener.stop()
    expect(() => statSync(socket)).toThrow(/ENOENT/)
    expect(readControlFile(folder)).toBeUndefined()
  })

  test('hands errors on with their codes and nothing of the inside', async () => {
    const { client, socket } = await serve()
    await expect(client.call('pause', { component: 'nope' })).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
    await expect(new SocketPort(socket).call('constructor', {})).rejects.toThrow(/there is no call constructor/)
    await expect(new SocketPort(socket).call('setRate', { channel: 'c1', rate: -1 })).rejects.toThrow(/rate: /)
    await expect(client.call('configGet', {})).rejects.toThrow(/not started from a configuration file/)
  })

  test('refuses bodies that are too large or no JSON, and lives on', async () => {
    const { client, socket } = await serve()
    const post = (body: string) =>
      new Promise<number | undefined>((resolve) => {
        const sending = request(
          { socketPath: socket, method: 'POST', path: '/call/status', agent: false },
          (answer) => {
            answer.resume()
            resolve(answer.statusCode)
          },
        )
        sending.on('error', () => resolve(undefined))
        sending.end(body)
      })
    expect([413, undefined]).toContain(await post(`"${'x'.repeat(2 * 1024 * 1024)}"`))
    expect(await post('{')).toBe(400)
    expect((await client.call('status', {})).agent).toBe('a1')
  })

  test('tells subscribers of changes, at most four times a second, until they leave', async () => {
    const { client, agent } = await serve()
    const seen: string[] = []
    const end = await client.subscribe('status', {}, ({ sources }) => seen.push(sources[0]?.command ?? ''))
    await eventually('the first comes at once', () => seen.length === 1)
    for (let index = 0; index < 50; index++) {
      agent.pause('r1')
      agent.resume('r1')
    }
    agent.pause('r1')
    await eventually('the last state arrives', () => seen.at(-1) === 'paused')
    expect(seen.length).toBeLessThanOrEqual(4)
    end()
    const count = seen.length
    await new Promise((resolve) => setTimeout(resolve, 50))
    agent.resume('r1')
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(seen).toHaveLength(count)
  })

  test('says that nobody answers any more', async () => {
    const { client, listener } = await serve()
    await listener.stop()
    await expect(client.call('status', {})).rejects.toThrow(/no agent answers/)
  })
})
