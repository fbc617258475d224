/**
 * An Avro source that throws everything away and counts it: the end of every relay that is measured, ours and others'. Prints
 * `port N` at its start, and then, at most every 5 ms and only when there are more, `N T`: events so far, and when (epoch milliseconds).
 *
 * Usage: avro-counter.ts [PORT]
 */
import { tmpdir } from 'node:os'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { SourceCounters } from '../../core/metrics/counters.ts'
import { avroSource } from '../../core/source/avro/avro.ts'
import type { ChannelProcessor } from '../../core/source/source.ts'
import { freePort } from '../interop/flume/peer.ts'

const port = process.argv[2] ?? String(await freePort())
let events = 0
let printed = 0
const print = () => {
  if (events === printed) return
  printed = events
  process.stdout.write(`${events} ${(performance.timeOrigin + performance.now()).toFixed(1)}\n`)
}
const channels: ChannelProcessor = {
  durable: false,
  prepareHeaders: (headers) => headers,
  put(batch) {
    const first = events === 0
    events += batch.count
    if (first) print()
    return Promise.resolve()
  },
  putPatiently: (batch) => channels.put(batch),
  position: () => undefined,
  positions: () => [],
  forgetPositions: () => Promise.resolve(),
}
const source = avroSource.create(avroSource.settings.parse({ bind: '127.0.0.1', port }), {
  name: 'in',
  agent: 'counter',
  log: silentLog,
  clock: systemClock,
  dataDirectory: tmpdir(),
  baseDirectory: tmpdir(),
  channels,
  counters: new SourceCounters(),
  reportState() {},
  reportEvent() {},
  reportFailure(error) {
    throw error
  },
})
await source.start()
console.log(`port ${port}`)
setInterval(print, 5)
