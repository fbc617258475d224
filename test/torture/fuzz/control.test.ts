import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Agent } from '../../../core/agent/agent.ts'
import { ControlClient } from '../../../core/control/client.ts'
import { ControlServer } from '../../../core/control/control-server.ts'
import { SocketListener } from '../../../core/control/socket-listener.ts'
import { SocketPort } from '../../../core/control/socket-port.ts'
import { silentLog } from '../../../core/log.ts'
import { eventually, flow, testRegistry } from '../../agent/flow.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { fuzz } from './fuzz-run.ts'
import { sendHostile } from './hostile-peer.ts'
import { mutate, mutateText } from './mutation.ts'

const words = [
  ...['/call/', '/subscribe/', 'status', 'pause', 'drain', 'events', 'history', '?params=', '%00', '%7B%7D', '%'],
  ...['{"component":"', '"channel":"c1"', '"rate":-1', '"limit":1e9', '"ids":"all"', '[', ']', '{', '}', 'null', '../'],
  ...['Content-Length: ', 'Transfer-Encoding: chunked\r\n', '\r\n\r\n', 'Upgrade: websocket\r\n'],
]

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

test('calls and subscriptions of the control contract', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-control-'))
  endings.push(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const { registry, source, sink } = testRegistry()
  const agent = new Agent({ config: flow(), registry, log: silentLog, dataDirectory: folder, baseDirectory: folder })
  await agent.start()
  endings.push(() => agent.stop())
  const server = new ControlServer({ agent, log: silentLog })
  const listener = new SocketListener({ port: server, agent: 'a1', folder })
  const socket = await listener.start()
  endings.push(() => listener.stop())
  const client = new ControlClient(new SocketPort(socket))
  const answered = new Map<string, number>()
  let pushed = 0
  await fuzz({
    suite: 'control',
    inputs: 2000,
    together: 20,
    make: (random: SeededRandom, corpus) => {
      const bytes = random.pick(corpus)
      return random.chance(0.5) ? mutate(random, bytes, corpus) : mutateText(random, bytes, corpus, words)
    },
    attempt: async (input) => {
      const answer = (await sendHostile({ path: socket }, input)).toString('latin1')
      for (const [, status = ''] of answer.matchAll(/HTTP\/1\.1 (\d+)/g))
        answered.set(status, (answered.get(status) ?? 0) + 1)
      expect(answer).not.toMatch(/HTTP\/1\.1 500|SLUICE_INTERNAL/)
    },
    honest: async () => {
      expect((await client.call('status', {})).channels[0]?.name).toBe('c1')
      // Whatever calls got through, resuming everything brings the flow back.
      await client.call('resume', {})
      await client.call('setRate', { channel: 'c1', rate: null })
      const body = `event ${pushed++}`
      await source('r1').push(body)
      await eventually(`${body} arrived`, () => sink('k1').bodies.includes(body))
      sink('k1').bodies.length = 0
    },
  })
  expect(answered.get('200') ?? 0).toBeGreaterThan(200)
  expect(answered.get('400') ?? 0).toBeGreaterThan(200)
})
