import { z } from 'zod'
import { commands, componentStates } from '../agent/component-state.ts'

/** Epoch milliseconds. */
const time = z.number()
const count = z.number()

export const ledgerSchema = z.object({
  received: count,
  delivered: count,
  queued: count,
  dropped: z.record(z.string(), count),
  quarantined: count,
  lost: count,
  repeated: count,
})

const part = {
  name: z.string(),
  type: z.string(),
  state: z.enum(componentStates),
  reason: z.string(),
  text: z.string(),
  retryAt: time.nullable(),
  restarts: count,
}

export const watchedFileSchema = z.object({
  path: z.string(),
  size: z.number(),
  position: z.number(),
  /** Bytes that wait to be read; null where it cannot be known (inside an archive). */
  lag: z.number().nullable(),
  /** Since when bytes wait; null: none do, or nobody knows. */
  behindSince: time.nullable(),
  /** Why it is not read, or what was skipped in it; empty when all is well. */
  note: z.string(),
  /** It is not read at all; `note` says why. */
  skipped: z.boolean(),
  readAt: time.nullable(),
})

/** Of all files of a source, also those that the list leaves out. */
const fileTotals = z.object({
  files: count,
  /** Of them: with bytes that wait, with a note, not read at all. */
  behind: count,
  noted: count,
  skipped: count,
  size: z.number(),
  lag: z.number(),
})

const listeningPort = z.object({
  address: z.string(),
  port: z.number(),
  protocol: z.string(),
  /** The busiest ones; `connectionCount` has how many there are. */
  connections: z.array(
    z.object({
      peer: z.string(),
      since: time,
      events: count,
      bytes: count,
      /** Null: not known yet. */
      eventsPerSecond: z.number().nullable(),
      bytesPerSecond: z.number().nullable(),
    }),
  ),
  connectionCount: count,
  refused: count,
  note: z.string(),
})

const sourceProcess = z.object({
  command: z.string(),
  /** Null: it does not run now. */
  pid: z.number().nullable(),
  startedAt: time.nullable(),
  /** Starts after the first. */
  restarts: count,
  /** How it ended last: `exited with 1`, `ended by SIGTERM`; empty: it has not. */
  lastEnd: z.string(),
  note: z.string(),
})

const sourceDetail = z.object({
  /** Those that need a look first: with a note, then with the most lag. At most 50: `sourceFiles` pages them all. */
  files: z.array(watchedFileSchema).optional(),
  fileTotals: fileTotals.optional(),
  ports: z.array(listeningPort).optional(),
  process: sourceProcess.optional(),
})

const sourceStatus = z.object({
  ...part,
  command: z.enum(commands),
  channels: z.array(z.string()),
  events: count,
  bytes: count,
  eventsPerSecond: z.number(),
  bytesPerSecond: z.number(),
  intercepted: count,
  unrouted: count,
  optionalLosses: count,
  detail: sourceDetail.nullable(),
})

/** Seconds, with a band that holds four times of five; `high` null: perhaps never. */
const clock = { seconds: z.number(), low: z.number(), high: z.number().nullable() }

export const forecastSchema = z.object({
  /** Until nothing more goes in, and what ends it: null when it does not fill or nobody knows. */
  full: z.object({ ...clock, limit: z.enum(['events', 'bytes', 'disk']) }).nullable(),
  /** Until nothing waits any more; null when it does not empty or nobody knows. */
  drained: z.object(clock).nullable(),
  /** What is to be said about it: why a clock is not there. Empty: nothing. */
  reason: z.string(),
})

const channelStatus = z.object({
  ...part,
  durable: z.boolean(),
  events: count,
  bytes: count,
  capacity: z.number().nullable(),
  byteCapacity: z.number().nullable(),
  oldestAt: time.nullable(),
  freeDisk: z.number().nullable(),
  inPerSecond: z.number(),
  outPerSecond: z.number(),
  rateLimit: z.number().nullable(),
  drain: z
    .object({ startedAt: time, total: count, left: count, done: z.boolean(), secondsLeft: z.number().nullable() })
    .nullable(),
  forecast: forecastSchema,
  ledger: ledgerSchema.nullable(),
})

const sinkStatus = z.object({
  ...part,
  command: z.enum(commands),
  channel: z.string(),
  group: z.string().nullable(),
  events: count,
  bytes: count,
  eventsPerSecond: z.number(),
  bytesPerSecond: z.number(),
  quarantined: count,
  delivering: count,
})

/** What `AgentStatus` is on the wire. */
export const agentStatusSchema = z.object({
  agent: z.string(),
  pid: z.number(),
  startedAt: time,
  now: time,
  sources: z.array(sourceStatus),
  channels: z.array(channelStatus),
  sinks: z.array(sinkStatus),
  openEvents: count,
})
