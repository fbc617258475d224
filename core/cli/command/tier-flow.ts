import { basename, dirname } from 'node:path'
import { type Address, addressText, type Listen } from './address.ts'
import type { PropertyLine } from '../../config/properties-text.ts'

/** Most events of one Avro request between two Sluice tiers: large enough that a request's own cost does not show. */
export const tierBatchSize = 5000

/** Something to follow: every file of a folder, or one file. */
export interface Watch {
  /** Absolute. */
  readonly path: string
  readonly folder: boolean
}

export interface RelayFlow {
  readonly agent: string
  readonly watches: readonly Watch[]
  readonly listens: readonly Listen[]
  readonly to: Address
}

export interface CollectFlow {
  readonly agent: string
  readonly listen: Address
  /** Absolute. */
  readonly out: string
  /** Seconds after which an output file is complete and the next one begins. */
  readonly rollSeconds: number
}

const literal = (name: string) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
const forward = (path: string) => path.replaceAll('\\', '/')

/** A taildir file group: a folder as it is, then a regular expression for the file's name (flume.md §1, taildir). */
export function fileGroup({ path, folder }: Watch): string {
  return folder ? `${forward(path).replace(/\/$/, '')}/.*` : `${forward(dirname(path))}/${literal(basename(path))}`
}

const fileChannel = (agent: string, channel: string): PropertyLine[] => [
  [`${agent}.channels.${channel}.type`, 'file'],
  [`${agent}.channels.${channel}.transactionCapacity`, tierBatchSize * 2],
]

/** Watched files and ports → file channel → Avro. */
export function relayFlow({ agent, watches, listens, to }: RelayFlow): PropertyLine[] {
  const ports = listens.map((listen, index) => ({ ...listen, name: `${listen.type}${index + 1}` }))
  const sources = [...(watches.length > 0 ? ['files'] : []), ...ports.map((port) => port.name)]
  const lines: PropertyLine[] = [
    [`${agent}.sources`, sources.join(' ')],
    [`${agent}.channels`, 'backlog'],
    [`${agent}.sinks`, 'upstream'],
    '',
  ]
  if (watches.length > 0) {
    const source = `${agent}.sources.files`
    lines.push(
      { comment: 'Every file from its first byte; the header "file" says where an event came from.' },
      [`${source}.type`, 'TAILDIR'],
      [`${source}.channels`, 'backlog'],
      [`${source}.filegroups`, watches.map((_, index) => `g${index + 1}`).join(' ')],
      ...watches.map((watch, index): PropertyLine => [`${source}.filegroups.g${index + 1}`, fileGroup(watch)]),
      [`${source}.fileHeader`, true],
      [`${source}.batchSize`, tierBatchSize],
      '',
    )
  }
  for (const port of ports) {
    const source = `${agent}.sources.${port.name}`
    lines.push(
      [`${source}.type`, port.type],
      [`${source}.channels`, 'backlog'],
      [`${source}.bind`, port.host],
      [`${source}.port`, port.port],
      '',
    )
  }
  return [
    ...lines,
    { comment: 'What the next tier has not acknowledged yet waits here, on disk.' },
    ...fileChannel(agent, 'backlog'),
    '',
    { comment: `The next tier: ${addressText(to)}` },
    [`${agent}.sinks.upstream.type`, 'avro'],
    [`${agent}.sinks.upstream.channel`, 'backlog'],
    [`${agent}.sinks.upstream.hostname`, to.host],
    [`${agent}.sinks.upstream.port`, to.port],
    [`${agent}.sinks.upstream.batch-size`, tierBatchSize],
  ]
}

/** Avro → file channel → rolling files with one event body a line. */
export function collectFlow({ agent, listen, out, rollSeconds }: CollectFlow): PropertyLine[] {
  return [
    [`${agent}.sources`, 'arrivals'],
    [`${agent}.channels`, 'arrived'],
    [`${agent}.sinks`, 'lines'],
    '',
    [`${agent}.sources.arrivals.type`, 'avro'],
    [`${agent}.sources.arrivals.channels`, 'arrived'],
    [`${agent}.sources.arrivals.bind`, listen.host],
    [`${agent}.sources.arrivals.port`, listen.port],
    '',
    ...fileChannel(agent, 'arrived'),
    '',
    { comment: 'Each event body is a line; a new file every so many seconds.' },
    [`${agent}.sinks.lines.type`, 'file_roll'],
    [`${agent}.sinks.lines.channel`, 'arrived'],
    [`${agent}.sinks.lines.sink.directory`, forward(out)],
    [`${agent}.sinks.lines.sink.serializer`, 'text'],
    [`${agent}.sinks.lines.sink.rollInterval`, rollSeconds],
    [`${agent}.sinks.lines.sink.batchSize`, tierBatchSize],
  ]
}
