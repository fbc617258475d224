import type { ChannelState } from '../channel/channel.ts'
import { openStats } from './agent-status.ts'
import type { PartGraph } from './part-graph.ts'

type Tell = (component: string, code: string, message: string) => void

const codes: Partial<Record<ChannelState, string>> = {
  full: 'SLUICE_CHANNEL_FULL',
  'disk full': 'SLUICE_DISK_FULL',
  failed: 'SLUICE_CHANNEL_IO',
}

/** Turns the changes of channels' states into events for the operator. */
export class ChannelWatch {
  readonly #graph: PartGraph
  readonly #report: Tell
  readonly #note: Tell
  readonly #states = new Map<string, ChannelState>()

  constructor(graph: PartGraph, tell: { report: Tell; note: Tell }) {
    this.#graph = graph
    this.#report = tell.report
    this.#note = tell.note
  }

  look(): void {
    for (const [name, part] of this.#graph.channels) {
      const stats = openStats(part)
      if (stats === undefined) continue
      const before = this.#states.get(name) ?? 'running'
      if (stats.state === before) continue
      this.#states.set(name, stats.state)
      const code = codes[stats.state]
      if (code !== undefined) this.#report(`channel:${name}`, code, stats.reason || stats.state)
      else if (codes[before] !== undefined && stats.state === 'running')
        this.#note(`channel:${name}`, 'recovered', `no longer ${before}`)
    }
  }
}
