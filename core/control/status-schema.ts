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

const watchedFile = z.object({
  path: z.string(),
  size: z.number(),
  position: z.number(),
  note: z.string(),
  readAt: time.optional(),
})

const listeningPort = z.object({
  address: z.string(),
  port: z.number(),
  protocol: z.string(),
  connections: z.array(z.object({ peer: z.string(), since: time, events: count, bytes: count })),
  refused: count,
  note: z.string(),
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
  detail: z.object({ files: z.array(watchedFile).optional(), ports: z.array(listeningPort).optional() }).nullable(),
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
