import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fsck } from '../../core/channel/file/fsck.ts'
import { collectedBytes } from './collected-lines.ts'
import { RotatingLog } from './rotating-log.ts'
import { SluiceProcess } from './sluice-process.ts'

/** A port that was free a moment ago: the two tiers must agree on one before either runs. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Where the two processes run and meet. */
export interface TierPlaces {
  readonly host: string
  /** The collector's own address, if `host` is a name. */
  readonly bind?: string
  /** Programs and their arguments that start either: see `SluiceProcess`. */
  readonly relayThrough: readonly string[]
  readonly collectorThrough: readonly string[]
}

const here: TierPlaces = { host: '127.0.0.1', relayThrough: [], collectorThrough: [] }

/** `sluice relay` and `sluice collect` in a process each, on one folder of logs; either can be killed and started. */
export class TwoTiers {
  readonly directory: string
  readonly watched: string
  readonly out: string
  readonly logs: readonly RotatingLog[]
  readonly port: number
  readonly #places: TierPlaces
  relay: SluiceProcess | undefined
  collector: SluiceProcess | undefined

  constructor(port: number, names: readonly string[], places: TierPlaces = here) {
    this.#places = places
    this.directory = mkdtempSync(join(tmpdir(), 'sluice-tiers-'))
    this.watched = join(this.directory, 'watched')
    this.out = join(this.directory, 'out')
    this.port = port
    mkdirSync(this.watched)
    this.logs = names.map((name) => new RotatingLog(this.watched, name))
  }

  /** `more`: arguments beside the watched folder, the collector's address and the data folder. */
  startRelay(...more: string[]): SluiceProcess {
    const { host, relayThrough: through } = this.#places
    const to = `${host}:${this.port}`
    const data = join(this.directory, 'relay')
    const args = ['relay', '--watch', this.watched, ...more, '--to', to, '--data-dir', data]
    return (this.relay = new SluiceProcess(args, { through }))
  }

  startCollector(): SluiceProcess {
    const { host, bind = host, collectorThrough: through } = this.#places
    const data = join(this.directory, 'collector')
    return (this.collector = new SluiceProcess(
      ['collect', '--port', String(this.port), '--bind', bind, '--out', this.out, '--data-dir', data],
      { through },
    ))
  }

  /** Appends to every log in turn until each has `lines` more, rotating each every `rotation` lines. */
  async write(lines: number, rotation: number, milliseconds = 0): Promise<void> {
    const step = Math.min(500, rotation)
    for (let written = 0; written < lines; written += step) {
      for (const log of this.logs) {
        log.append(Math.min(step, lines - written))
        if ((log.written.at(-1) ?? 0) >= rotation) log.rotate()
      }
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
    }
  }

  get lines(): number {
    return this.logs.reduce((sum, log) => sum + log.lines, 0)
  }

  get bytes(): number {
    return this.logs.reduce((sum, log) => sum + log.bytes, 0)
  }

  /** Resolves when as many bytes were collected as logged; rejects when nothing has come for `quiet` milliseconds. */
  async arrived(quiet = 20_000): Promise<void> {
    const bytes = this.bytes
    let most = -1
    let since = performance.now()
    for (;;) {
      const collected = collectedBytes(this.out)
      if (collected >= bytes) return
      if (collected > most) {
        most = collected
        since = performance.now()
      }
      if (performance.now() - since > quiet)
        throw new Error(
          `${collected} of ${bytes} bytes arrived, and no more for ${quiet} ms; relay:\n` +
            `${this.relay?.stderr.slice(-2000) ?? ''}\ncollector:\n${this.collector?.stderr.slice(-2000) ?? ''}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** What the books of both file channels say came in, when both tiers are stopped; rejects when fsck finds them unsound. */
  async received(): Promise<{ relay: number; collector: number }> {
    const books = async (name: string, channel: string) => {
      const report = await fsck(join(this.directory, name, 'channels', channel))
      if (!report.ok || report.ledger === undefined) throw new Error(JSON.stringify(report, undefined, 2))
      return report.ledger.received
    }
    return { relay: await books('relay', 'backlog'), collector: await books('collector', 'arrived') }
  }

  async remove(): Promise<void> {
    await Promise.all([this.relay?.kill(), this.collector?.kill()])
    rmSync(this.directory, { recursive: true, force: true })
  }
}
