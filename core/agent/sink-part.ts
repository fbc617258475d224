import type { Sink } from '../sink/sink.ts'
import type { SinkCounters } from '../metrics/counters.ts'
import type { ChannelPart } from './channel-part.ts'
import type { PauseGate } from './pause-gate.ts'
import type { Supervisor } from './supervisor.ts'

/** A sink of a running agent with what the agent keeps about it. */
export interface SinkPart {
  readonly name: string
  readonly sink: Sink
  readonly counters: SinkCounters
  readonly channel: ChannelPart
  readonly gate: PauseGate
  readonly supervisor: Supervisor
  /** What the sink last said of itself. */
  note: string
  /** Why its last delivery failed, in words; empty once one succeeded. */
  trouble: string
  /** Epoch milliseconds until which it is left alone. */
  retryAt: number | undefined
  deliveredEvents: number
  deliveredBytes: number
  quarantinedEvents: number
  /** Deliveries under way. */
  delivering: number
}
