/**
 * `npm run bench [-- --only NAME] [--write] [--rounds N] [--millions N] [--gigabytes 1,10] [--waiting N]`, `--write` into the
 * section that docs/bench.md has for each, and beside Apache Flume:
 * `npm run bench -- --peers [--write] [--rounds N] [--millions N] [--gigabytes N]`. Every figure beside its peer or raw limit of the
 * same run. Medians over rounds that are interleaved, because shared machines are noisy: trust the ratios.
 */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { backlog } from './backlog.ts'
import { backlogSearch } from './backlog-search.ts'
import { channelPut } from './channel-put.ts'
import { endToEnd } from './end-to-end.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { peers } from './peers.ts'
import { type Figure, tableText } from './report.ts'
import { windowBench } from './window.ts'
import { writeSection } from './written-section.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    millions: { type: 'string' },
    waiting: { type: 'string', default: '10' },
    gigabytes: { type: 'string' },
    peers: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const millions = Number(values.millions ?? (values.peers ? 0.5 : 4))
const gigabytes = (values.gigabytes ?? (values.peers ? '1' : '1,10')).split(',').map(Number)
const benches: Record<string, { title: string; run: () => Promise<Figure[]> }> = {
  'channel-put': { title: 'File channel put', run: () => channelPut(rounds) },
  'end-to-end': { title: 'End to end', run: () => endToEnd(millions, rounds) },
  backlog: { title: 'With a backlog', run: () => backlog(gigabytes) },
  search: { title: 'Search and jumps', run: () => backlogSearch(Number(values.waiting) * 1e6, rounds) },
  latency: { title: 'Latency', run: () => latency(10_000, 15) },
  window: {
    title: 'The window',
    run: () => windowBench({ events: Number(values.waiting) * 1e6, millions, rounds }),
  },
  idle: { title: 'Idle', run: () => idle(20) },
}

const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`
const file = join(import.meta.dirname, '../../docs/bench.md')
const today = new Date().toISOString().slice(0, 10)
console.log(`${machine}, ${rounds} rounds`)
if (values.peers) {
  const text = await peers({ millions, rounds, gigabytes: gigabytes[0] ?? 1 })
  console.log(`\n## Side by side\n\n${text}`)
  const command = `npm run bench -- --peers --rounds ${rounds} --millions ${millions} --gigabytes ${gigabytes[0] ?? 1}`
  const made = `Printed by \`${command}\` on ${today}.`
  if (values.write) writeSection(file, 'side by side', `## Side by side\n\n${made}\n\n${text}`)
} else
  for (const [name, bench] of Object.entries(benches)) {
    if (values.only !== undefined && values.only !== name) continue
    const text = tableText(await bench.run())
    console.log(`\n## ${bench.title}\n\n${text}`)
    const made = `Printed by \`npm run bench -- --only ${name}\` on ${today}: ${machine}, ${rounds} rounds.`
    if (values.write) writeSection(file, name, `## ${bench.title}\n\n${made}\n\n${text}`)
  }
