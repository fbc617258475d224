/**
 * Time from a line's write to its arrival at the next tier, at a steady rate: file -> taildir -> file channel -> Avro -> this process.
 * Every line carries the time at which it was written.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { SourceCounters } from '../../core/metrics/counters.ts'
import { avroSource } from '../../core/source/avro/avro.ts'
import type { ChannelProcessor } from '../../core/source/source.ts'
import { MeasuredProcess } from './measured-process.ts'
import { type Figure, percentile } from './report.ts'

const sluice = join(import.meta.dirname, '../../core/cli/sluice.ts')
const tick = 10
const now = () => performance.timeOrigin + performance.now()

export async function latency(perSecond: number, seconds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-latency-'))
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  const port = 20_000 + (process.pid % 10_000)
  const delays: number[] = []
  const channels: ChannelProcessor = {
    durable: false,
    prepareHeaders: (headers) => headers,
    put(batch) {
      const arrived = now()
      for (const { body } of batch.events()) delays.push(arrived - Number(body.toString('latin1', 0, 18)))
      return Promise.resolve()
    },
    putPatiently: (batch) => channels.put(batch),
    position: () => undefined,
    positions: () => [],
    forgetPositions: () => Promise.resolve(),
  }
  const source = avroSource.create(avroSource.settings.parse({ bind: '127.0.0.1', port: String(port) }), {
    name: 'in',
    agent: 'bench',
    log: silentLog,
    clock: systemClock,
    dataDirectory: folder,
    baseDirectory: folder,
    channels,
    counters: new SourceCounters(),
    reportState() {},
    reportEvent() {},
    reportFailure(error) {
      throw error
    },
  })
  await source.start()
  const path = join(logs, 'app.log')
  writeFileSync(path, '')
  const relay = new MeasuredProcess(process.execPath, [
    ...[sluice, 'relay', '--watch', logs, '--to', `127.0.0.1:${port}`, '--data-dir', join(folder, 'relay')],
  ])
  const file = openSync(path, 'a')
  try {
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const lines = (perSecond * tick) / 1000
    const start = performance.now()
    let written = 0
    while (performance.now() - start < seconds * 1000) {
      const time = now().toFixed(4).padStart(18, '0').slice(0, 18)
      writeSync(file, `${`${time} a line of a log at a steady rate`.padEnd(112, '.')}\n`.repeat(lines))
      written += lines
      const behind = start + (written / lines) * tick - performance.now()
      if (behind > 0) await new Promise((resolve) => setTimeout(resolve, behind))
    }
    for (let waited = 0; delays.length < written && waited < 10_000; waited += 50)
      await new Promise((resolve) => setTimeout(resolve, 50))
    if (delays.length !== written) throw new Error(`${delays.length} of ${written} lines arrived:\n${relay.output}`)
    const late = (share: number) => `${percentile(delays, share).toFixed(1)} ms`
    return [
      {
        name: `line to next tier at ${(written / seconds).toFixed(0)} events/s, p50 / p99`,
        value: `${late(0.5)} / ${late(0.99)}`,
        against: '',
        ratio: undefined,
        target: '',
      },
    ]
  } finally {
    closeSync(file)
    await relay.stop()
    await source.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
