import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../agent/flow.ts'
import { RunningFlow, toLogger } from '../../agent/running-flow.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { fuzz } from './fuzz-run.ts'
import { sendHostile } from './hostile-peer.ts'
import { mutate } from './mutation.ts'

let flow: RunningFlow | undefined
afterEach(() => flow?.end())

const make = (random: SeededRandom, corpus: readonly Buffer[]) => mutate(random, random.pick(corpus), corpus)

async function listening(type: string, more = ''): Promise<{ running: RunningFlow; port: number }> {
  const running = (flow = new RunningFlow())
  await running.start(toLogger(type, `a.sources.r.port = 0\na.sources.r.bind = 127.0.0.1\n${more}`))
  await expect.poll(() => running.port).toBeGreaterThan(0)
  return { running, port: running.port }
}

async function arrives(running: RunningFlow, body: string): Promise<void> {
  await eventually(`${body} arrived`, () => running.bodies.includes(body))
  running.lines.length = 0
}

test.each(['utf-8', 'utf-16le', 'shift_jis'] as const)('netcat lines in %s', async (encoding) => {
  const { running, port } = await listening('netcat', `a.sources.r.encoding = ${encoding}\n`)
  const to = { port, host: '127.0.0.1' }
  let sent = 0
  await fuzz({
    ...{ suite: 'netcat', inputs: 800, together: 20, make },
    attempt: async (input) => {
      await sendHostile(to, input)
    },
    honest: async () => {
      const body = `honest ${sent++}`
      const socket = connect(to)
      socket.resume().end(Buffer.from(`${body}\n`, encoding === 'utf-16le' ? 'utf16le' : 'utf8'))
      await arrives(running, body)
      socket.destroy()
    },
  })
})

test('netcatudp datagrams', async () => {
  const { running, port } = await listening('netcatudp')
  const socket = createSocket('udp4')
  const send = (bytes: Buffer) =>
    new Promise<void>((resolve, reject) => {
      socket.send(bytes.subarray(0, 60_000), port, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
    })
  let sent = 0
  try {
    await fuzz({
      ...{ suite: 'netcat', inputs: 800, together: 20, make, attempt: send },
      honest: async () => {
        const body = `honest ${sent++}`
        await send(Buffer.from(body))
        await arrives(running, body)
      },
    })
  } finally {
    socket.close()
  }
})
