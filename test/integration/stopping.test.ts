import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LineClient } from './line-client.ts'
import { SluiceProcess } from './sluice-process.ts'
import { unusedPort } from './two-tiers.ts'

describe('a stop', () => {
  let directory: string
  let running: SluiceProcess | undefined
  let upstream: Server | undefined
  const sockets: Socket[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-stop-'))
    mkdirSync(join(directory, 'logs'))
  })
  afterEach(async () => {
    await running?.kill()
    for (const socket of sockets.splice(0)) socket.destroy()
    await new Promise((resolve) => (upstream ? upstream.close(resolve) : resolve(undefined)))
    upstream = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  /** An upstream that takes the connection and never says a word. */
  async function silentUpstream(): Promise<number> {
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined).resume()
    })
    upstream = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s takes less than 5 s while the upstream hangs', async (signal) => {
    const port = await silentUpstream()
    const listen = await unusedPort()
    appendFileSync(join(directory, 'logs', 'a.log'), 'line\n'.repeat(100_000))
    running = new SluiceProcess([
      ...['relay', '--watch', join(directory, 'logs'), '--listen', `netcat:${listen}`],
      ...['--to', `127.0.0.1:${port}`, '--data-dir', join(directory, 'data')],
    ])
    await running.says(/relaying/)
    const client = await LineClient.connect(listen)
    expect(await client.ask('hello')).toBe('OK')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(sockets.length).toBeGreaterThan(0)
    const end = await running.end(signal)
    client.close()
    expect(end).toMatchObject({ code: 0, signal: null })
    expect(end.took).toBeLessThan(5000)
  })

  it('by a second signal is at once', async () => {
    const port = await silentUpstream()
    appendFileSync(join(directory, 'logs', 'a.log'), 'line\n'.repeat(100_000))
    running = new SluiceProcess([
      ...['relay', '--watch', join(directory, 'logs'), '--to', `127.0.0.1:${port}`],
      ...['--data-dir', join(directory, 'data')],
    ])
    await running.says(/relaying/)
    await new Promise((resolve) => setTimeout(resolve, 300))
    process.kill(running.pid, 'SIGINT')
    await running.says(/stopping/)
    const end = await running.end('SIGINT')
    // Either it was still stopping, or it had just stopped in good order.
    expect([0, 130]).toContain(end.code)
    expect(end.took).toBeLessThan(1500)
  })
})
