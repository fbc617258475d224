import fs from 'node:fs'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Source } from '../../core/source/source.ts'
import { eventually } from '../agent/flow.ts'
import { sourceContext } from '../recording-channels.ts'
import { avroPairs, channelsThat } from '../unit/avro-pair.ts'
import { type EventPort, eventPorts } from './event-ports.ts'
import { collectGarbage, memoryUse } from './memory-use.ts'

const count = process.env.SLUICE_LONG === '1' ? 40_000 : 4_000
const together = 50
/** Bytes; what the collector is inexact by is spread over the connections too. */
const most = 150

let source: Source | undefined
afterEach(async () => {
  await source?.stop()
  source = undefined
})

/** One that sends something whole, waits for the answer and goes: by its end, at once, or by a reset. */
function come(port: number, { whole }: EventPort, number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject).once('close', () => resolve())
    socket.once('data', () => {
      socket.resume()
      if (number % 3 === 0) socket.end()
      else if (number % 3 === 1) socket.destroy()
      else socket.resetAndDestroy()
    })
    socket.write(whole)
  })
}

async function comeAll(port: number, kind: EventPort, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += together)
    await Promise.all(Array.from({ length: together }, (_, index) => come(port, kind, number + index)))
}

const handles = () => (process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0)

test.each(eventPorts(avroPairs()))(
  `${count} connections that come and go to a port for $type leave no handle and no memory behind`,
  async (kind) => {
    let stored = 0
    const put = ({ count }: { count: number }) => {
      stored += count
      return Promise.resolve()
    }
    source = kind.make(sourceContext(channelsThat(put), '').context, {})
    await source.start()
    const listening = () => source?.inspect?.().ports?.[0]
    const port = listening()?.port ?? 0
    const gone = () => eventually('all are gone', () => listening()?.connections.length === 0)
    await comeAll(port, kind, 0, 1000)
    await gone()
    const before = { handles: handles(), ...(await memoryUse()) }
    await comeAll(port, kind, 0, count)
    await gone()
    await collectGarbage()
    await eventually('no handle is left', () => handles() <= before.handles)
    const perConnection = ((await memoryUse()).held - before.held) / count
    process.stdout.write(`${kind.type}: ${perConnection.toFixed(1)} bytes held for each of ${count} connections\n`)
    expect(stored).toBe(1000 + count)
    expect(perConnection, 'bytes held for each connection').toBeLessThan(most)
  },
)
