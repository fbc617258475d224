/**
 * `npm run bench [-- --only NAME] [--rounds N] [--millions N] [--gigabytes 1,10]`: every figure beside its peer or raw limit of the
 * same run. Medians over rounds that are interleaved, because shared machines are noisy: trust the ratios.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { backlog } from './backlog.ts'
import { backlogSearch } from './backlog-search.ts'
import { channelPut } from './channel-put.ts'
import { endToEnd } from './end-to-end.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { type Figure, printTable } from './report.ts'
import { windowBench } from './window.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    millions: { type: 'string', default: '4' },
    waiting: { type: 'string', default: '10' },
    gigabytes: { type: 'string', default: '1,10' },
  },
})
const rounds = Number(values.rounds)
const benches: Record<string, { title: string; run: () => Promise<Figure[]> }> = {
  'channel-put': { title: 'File channel put', run: () => channelPut(rounds) },
  'end-to-end': { title: 'End to end', run: () => endToEnd(Number(values.millions), rounds) },
  backlog: { title: 'With a backlog', run: () => backlog(values.gigabytes.split(',').map(Number)) },
  search: { title: 'Search and jumps', run: () => backlogSearch(Number(values.waiting) * 1e6, rounds) },
  latency: { title: 'Latency', run: () => latency(10_000, 15) },
  window: {
    title: 'The window',
    run: () => windowBench({ events: Number(values.waiting) * 1e6, millions: Number(values.millions), rounds }),
  },
  idle: { title: 'Idle', run: () => idle(20) },
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${rounds} rounds`)
for (const [name, bench] of Object.entries(benches))
  if (values.only === undefined || values.only === name) printTable(bench.title, await bench.run())
