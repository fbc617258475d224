/**
 * How fast a backlog is searched, against the least that any search must do: read the same segment files once from end to end and
 * take their CRC, in the same run and in turn. And how long a jump to any place among the waiting events takes.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { BacklogLook } from '../../core/backlog/backlog-look.ts'
import type { BacklogQuery } from '../../core/backlog/backlog-query.ts'
import { searchBacklog } from '../../core/backlog/backlog-search.ts'
import { listSegments, segmentPath } from '../../core/channel/file/segment-files.ts'
import { fillChannel } from './filled-channel.ts'
import { type Figure, median, percentile } from './report.ts'

const jumps = 500
const rowsOfJump = 100

/** MB/s of reading every segment once and taking its CRC. */
function rawRun(folder: string): number {
  const chunk = Buffer.allocUnsafe(1 << 20)
  let bytes = 0
  let crc = 0
  const start = performance.now()
  for (const id of listSegments(folder)) {
    const file = openSync(segmentPath(folder, id), 'r')
    for (;;) {
      const read = readSync(file, chunk)
      if (read === 0) break
      crc = crc32(chunk.subarray(0, read), crc)
      bytes += read
    }
    closeSync(file)
  }
  return bytes / 1e3 / (performance.now() - start)
}

interface Search {
  readonly name: string
  readonly query: BacklogQuery
  readonly target: string
}

const searches: readonly Search[] = [
  { name: 'text that is nowhere', query: { text: 'no such text' }, target: '' },
  { name: 'text that is nowhere, either case', query: { text: 'No Such Text', ignoreCase: true }, target: '' },
  { name: 'regular expression with a text in it', query: { regex: 'status=(5|6)\\d\\d$' }, target: '' },
  { name: 'regular expression of classes', query: { regex: '[x-z]\\d{3}[x-z]\\b' }, target: '' },
  { name: 'regular expression that every event is tried on', query: { regex: '^\\D+$', in: 'body' }, target: '' },
]

async function searchRun(look: BacklogLook, { name, query }: Search, events: number): Promise<number> {
  const progress = { events: 0, bytes: 0, damaged: 0, gone: 0 }
  const start = performance.now()
  for await (const found of searchBacklog(look.reader, query, 'oldest', false, progress, () => undefined))
    throw new Error(`${name}: event ${found.number} was found`)
  const milliseconds = performance.now() - start
  if (progress.events !== events || progress.damaged + progress.gone > 0)
    throw new Error(`${name}: looked at ${progress.events} of ${events} events, ${progress.damaged} blocks damaged`)
  return progress.bytes / 1e3 / milliseconds
}

/** Milliseconds of every jump to a place of its own, near and far by turns. */
async function jumpTimes(look: BacklogLook, events: number): Promise<number[]> {
  const times: number[] = []
  for (let jump = 0; jump < jumps; jump++) {
    // The golden ratio's multiples come to every part, in no order that a cache would like.
    const position = Math.floor(((jump * 0.618033988749895) % 1) * (events - rowsOfJump))
    const start = performance.now()
    const page = await look.at(position, rowsOfJump)
    times.push(performance.now() - start)
    if (page.rows.length !== rowsOfJump || page.position !== position)
      throw new Error(`a jump to ${position} came to ${page.position} with ${page.rows.length} rows`)
  }
  return times
}

export async function backlogSearch(events: number, rounds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-search-'))
  try {
    const filled = await fillChannel(folder, events)
    const look = new BacklogLook({ folder, keys: [] })
    try {
      const raw: number[] = []
      const speeds = searches.map((): number[] => [])
      rawRun(folder)
      for (let round = 0; round < rounds; round++)
        for (const [index, search] of searches.entries()) {
          raw.push(rawRun(folder))
          speeds[index]?.push(await searchRun(look, search, filled.events))
        }
      const times = await jumpTimes(look, filled.events)
      const size = `${(filled.events / 1e6).toFixed(1)} M events`
      const late = (share: number) => `${percentile(times, share).toFixed(1)} ms`
      return [
        ...searches.map(({ name, target }, index) => ({
          name: `search for ${name}`,
          value: `${median(speeds[index] ?? []).toFixed(0)} MB/s`,
          against: `read + CRC: ${median(raw).toFixed(0)} MB/s`,
          ratio: median(speeds[index] ?? []) / median(raw),
          target,
        })),
        {
          name: `${rowsOfJump} rows at any place of ${size}, p50 / p99`,
          value: `${late(0.5)} / ${late(0.99)}`,
          against: '',
          ratio: undefined,
          target: '',
        },
      ]
    } finally {
      await look.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
