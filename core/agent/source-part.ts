import type { SourceCounters } from '../metrics/counters.ts'
import type { Source } from '../source/source.ts'
import type { PauseGate } from './pause-gate.ts'
import type { SourceChannels } from './source-channels.ts'
import type { Supervisor } from './supervisor.ts'

/** A source of a running agent with what the agent keeps about it. */
export interface SourcePart {
  readonly name: string
  readonly source: Source
  readonly counters: SourceCounters
  readonly channels: SourceChannels
  /** All channels it is connected to, in the order of the configuration. */
  readonly channelNames: readonly string[]
  readonly gate: PauseGate
  readonly supervisor: Supervisor
  /** What the source last said of itself. */
  note: string
}
