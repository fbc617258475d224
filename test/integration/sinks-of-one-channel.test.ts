import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunningFlow } from '../agent/running-flow.ts'

let flow: RunningFlow
beforeEach(() => {
  flow = new RunningFlow()
})
afterEach(() => flow.end())

const group = 'a.sinkgroups = g\na.sinkgroups.g.sinks = bad good\na.sinkgroups.g.processor.type = load_balance\n'

for (const [channel, together, more] of [
  ['memory', 'sharing the load', group],
  ['file', 'sharing the load', group],
  ['memory', 'each on its own', ''],
  ['file', 'each on its own', ''],
] as const)
  test(`a sink that fails slowly and one that works on a ${channel} channel, ${together}: nothing lost or doubled`, async () => {
    const out = join(flow.directory, 'out')
    mkdirSync(out)
    // Takes connections and hangs up a little later: until then the delivery is under way.
    const receiver = createServer((socket) => {
      socket.on('error', () => undefined)
      setTimeout(() => socket.destroy(), 30)
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const address = receiver.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      await flow.start(`a.sources = r
a.channels = c
a.sinks = bad good
a.sources.r.type = seq
a.sources.r.totalEvents = 300
a.sources.r.channels = c
a.channels.c.type = ${channel}
a.sinks.bad.type = avro
a.sinks.bad.channel = c
a.sinks.bad.hostname = 127.0.0.1
a.sinks.bad.port = ${port}
a.sinks.bad.batch-size = 3
a.sinks.good.type = file_roll
a.sinks.good.channel = c
a.sinks.good.sink.directory = ${out}
a.sinks.good.sink.rollInterval = 0
a.sinks.good.sink.batchSize = 5
${more}`)
      const lines = () =>
        readdirSync(out)
          .flatMap((name) => readFileSync(join(out, name), 'utf8').split('\n'))
          .filter((line) => line !== '')
      const all = Array.from({ length: 300 }, (_, number) => String(number))
      await expect.poll(() => new Set(lines()).size, { timeout: 20_000 }).toBe(all.length)
      // What is put back by one sink of several that take for themselves comes later; in a group it keeps its place.
      expect(more === '' ? lines().sort((a, b) => Number(a) - Number(b)) : lines()).toEqual(all)
    } finally {
      receiver.close()
    }
  })
