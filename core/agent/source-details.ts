import type { Clock } from '../clock.ts'
import type { ListeningPort, SourceDetail, SourceProcess, WatchedFile } from '../source/source.ts'
import { PeerRates } from './peer-rates.ts'
import type { SourcePart } from './source-part.ts'
import { type FileStatus, type FileTotals, fileStatus, fileTotals, mostUrgent } from './source-files.ts'

/** Rows in a status; `sourceFiles` pages all of them. */
const mostFiles = 50
const mostConnections = 50
/** Milliseconds that a detail counts: a look at thousands of files is made once for all who watch. */
const fresh = 900

export interface ConnectionStatus {
  readonly peer: string
  readonly since: number
  readonly events: number
  readonly bytes: number
  /** Null: not known yet. */
  readonly eventsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

export interface PortStatus extends Omit<ListeningPort, 'connections'> {
  /** The busiest ones. */
  readonly connections: readonly ConnectionStatus[]
  readonly connectionCount: number
}

export interface ProcessStatus extends Omit<SourceProcess, 'pid' | 'startedAt'> {
  readonly pid: number | null
  readonly startedAt: number | null
}

export interface SourceDetailStatus {
  readonly files?: readonly FileStatus[]
  readonly fileTotals?: FileTotals
  readonly ports?: readonly PortStatus[]
  readonly process?: ProcessStatus
}

/** What the sources say of themselves, bounded for a status that is sent four times a second. */
export class SourceDetails {
  readonly #clock: Clock
  readonly #rates = new PeerRates()
  readonly #kept = new WeakMap<SourcePart, { at: number; detail: SourceDetailStatus }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined for a source that has nothing to show. */
  of(part: SourcePart): SourceDetailStatus | undefined {
    const at = this.#clock.monotonic()
    const kept = this.#kept.get(part)
    if (kept !== undefined && at - kept.at < fresh) return kept.detail
    const raw = part.source.inspect?.()
    if (raw === undefined) return undefined
    const detail = this.#bounded(part.name, raw, at)
    this.#kept.set(part, { at, detail })
    return detail
  }

  #bounded(source: string, { files, ports, process }: SourceDetail, at: number): SourceDetailStatus {
    return {
      ...(files && filesOf(files)),
      ...(ports && { ports: ports.map((port) => this.#port(source, port, at)) }),
      ...(process && { process: { ...process, pid: process.pid ?? null, startedAt: process.startedAt ?? null } }),
    }
  }

  #port(source: string, port: ListeningPort, at: number): PortStatus {
    const scope = `${source} ${port.address}:${port.port}`
    const connections = this.#rates
      .update(scope, port.connections, at)
      .sort((a, b) => (b.bytesPerSecond ?? 0) - (a.bytesPerSecond ?? 0) || b.bytes - a.bytes)
      .slice(0, mostConnections)
    return { ...port, connections, connectionCount: port.connections.length }
  }
}

function filesOf(files: readonly WatchedFile[]): Pick<SourceDetailStatus, 'files' | 'fileTotals'> {
  const rows = files.map(fileStatus)
  return { files: mostUrgent(rows, mostFiles), fileTotals: fileTotals(rows) }
}
