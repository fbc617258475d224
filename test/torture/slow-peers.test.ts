import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Batch } from '../../core/event/batch.ts'
import type { Source } from '../../core/source/source.ts'
import { eventually } from '../agent/flow.ts'
import { temporaryFolder } from '../file-channel-rig.ts'
import { sourceContext } from '../recording-channels.ts'
import { avroPairs, bodies, channelsThat } from '../unit/avro-pair.ts'
import { type EventPort, eventPorts } from './event-ports.ts'
import { memoryUse } from './memory-use.ts'

const crowd = process.env.SLUICE_LONG === '1' ? 5000 : 1000

let source: Source | undefined
let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
let peers: ChildProcess | undefined
afterEach(async () => {
  peers?.kill('SIGKILL')
  peers = undefined
  await source?.stop()
  source = undefined
  place.remove()
})

const ports = eventPorts(avroPairs())

/** Sends an honest event each few milliseconds until the returned function is called. */
function honestClient(send: (body: string) => Promise<void>) {
  const took: number[] = []
  const over = new AbortController()
  const done = (async () => {
    while (!over.signal.aborted) {
      const begin = performance.now()
      await send(`honest ${took.length}`)
      took.push(performance.now() - begin)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  done.catch(() => undefined)
  return async () => {
    over.abort()
    await done
    return { sent: took.length, worst: Math.max(...took) }
  }
}

/** The peers as their own process last counted them. */
function slowPeers(port: number, { opening, repeated }: EventPort) {
  const child = path.join(import.meta.dirname, 'slow-peers-child.ts')
  const texts = [opening, repeated].map((text, index) => {
    const file = path.join(place.folder, String(index))
    fs.writeFileSync(file, text)
    return file
  })
  const running = spawn(process.execPath, [child, String(port), String(crowd), ...texts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  peers = running
  const lines: string[] = []
  running.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)))
  return {
    made: () => eventually('the peers are there', () => lines.includes('made'), 60_000),
    open: () => JSON.parse(lines.at(-1) === 'made' ? '{}' : (lines.at(-1) ?? '{}')) as Record<string, number>,
    end: async () => {
      running.kill('SIGKILL')
      await once(running, 'exit')
    },
  }
}

const handles = () => fs.readdirSync('/proc/self/fd').length

test.skipIf(process.platform !== 'linux').each(ports)(
  `${crowd} peers of a port for $type that are silent, drip, half-close or do not read: honest clients are served`,
  async (kind) => {
    const stored: string[] = []
    const put = (batch: Batch) => {
      // The deaf send thousands at a time.
      if (batch.count === 1) stored.push(...bodies(batch))
      batch.recycle()
      return new Promise<void>((resolve) => setImmediate(resolve))
    }
    source = kind.make(sourceContext(channelsThat(put), '').context, kind.patience)
    await source.start()
    const listening = () => source?.inspect?.().ports?.[0]
    const port = listening()?.port ?? 0
    const connections = () => listening()?.connections.length
    await kind.honest(port, 'warm')
    const handlesBefore = handles()
    const before = await memoryUse()

    const served = honestClient((body) => kind.honest(port, body))
    let crowded = 0
    const counting = setInterval(() => (crowded = Math.max(crowded, connections() ?? 0)), 5)
    const slow = slowPeers(port, kind)
    await slow.made()
    await eventually(
      `those are closed that the limits end: ${JSON.stringify(kind.ends)}`,
      () => kind.ends.every((manner) => slow.open()[manner] === 0),
      60_000,
    ).catch((error: unknown) => {
      throw new Error(`still open: ${JSON.stringify(slow.open())}`, { cause: error })
    })
    clearInterval(counting)
    const during = await memoryUse()
    const { sent, worst } = await served()
    process.stdout.write(
      `${kind.type}: ${crowded} open at once, RSS grew by ${((during.rss - before.rss) / (1 << 20)).toFixed(1)} MB, held ${((during.held - before.held) / (1 << 20)).toFixed(1)} MB, ` +
        `${sent} honest events, the slowest in ${Math.round(worst)} ms; the crowd: ${JSON.stringify(slow.open())}\n`,
    )
    // Under load some have gone again before the last have come.
    expect(crowded).toBeGreaterThan(crowd / 10)
    expect(sent).toBeGreaterThan(10)
    expect(worst, 'milliseconds of an honest event').toBeLessThan(20_000)
    expect((during.rss - before.rss) / (1 << 20), 'megabytes').toBeLessThan(350)

    await slow.end()
    await eventually('nothing is kept of them', () => connections() === 0, 20_000)
    await eventually('no handle is left', () => handles() <= handlesBefore + 2, 20_000)
    await kind.honest(port, 'fresh')
    const honest = stored.filter((body) => !body.startsWith('0 ') && !/^x*$/.test(body))
    expect(honest).toEqual(['warm', ...Array.from({ length: sent }, (_, number) => `honest ${number}`), 'fresh'])
  },
)

test.each(ports)('a port for $type that is full of who says nothing makes room', async (kind) => {
  const stored: string[] = []
  const put = (batch: Batch) => Promise.resolve(void stored.push(...bodies(batch)))
  source = kind.make(sourceContext(channelsThat(put), '').context, { maxConnections: '3' })
  await source.start()
  const listening = () => source?.inspect?.().ports?.[0]
  const port = listening()?.port ?? 0
  let closed = 0
  const silent = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').resume())
  for (const socket of silent) socket.on('error', () => undefined).once('close', () => closed++)
  await eventually('three had to go', () => closed === 3)
  expect(listening()?.connections).toHaveLength(3)
  await kind.honest(port, 'fresh')
  expect(stored).toEqual(['fresh'])
  expect(listening()?.refused).toBeGreaterThanOrEqual(4)
  for (const socket of silent) socket.destroy()
})

test.each(ports.filter(({ type }) => type !== 'netcat'))(
  'large requests that do not end, over many connections of a port for $type: memory is bounded, the oldest give way',
  async (kind) => {
    const stored: string[] = []
    const put = (batch: Batch) => Promise.resolve(void stored.push(...bodies(batch)))
    const largest = String(4 << 20)
    source = kind.make(sourceContext(channelsThat(put), '').context, { maxBodySize: largest, maxFrameSize: largest })
    await source.start()
    const port = source.inspect?.().ports?.[0]?.port ?? 0
    const before = await memoryUse()
    let closed = 0
    const part = Buffer.alloc(3 << 20, 'x')
    const peers = Array.from({ length: 100 }, async () => {
      const socket = connect(port, '127.0.0.1').resume()
      socket.on('error', () => undefined).once('close', () => closed++)
      socket.write(kind.unfinished)
      await new Promise((resolve) => socket.once('close', resolve).write(part, resolve))
      return socket
    })
    const sockets = await Promise.all(peers)
    // 300 MB came; 64 MB may stay.
    await eventually('the oldest had to go', () => closed >= 75)
    expect(closed).toBeLessThan(100)
    const { held } = await memoryUse()
    expect((held - before.held) / (1 << 20), 'megabytes held').toBeLessThan(110)
    await kind.honest(port, 'fresh')
    expect(stored.filter((body) => body === 'fresh')).toHaveLength(1)
    for (const socket of sockets) socket.destroy()
  },
)
