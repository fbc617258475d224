import { z } from 'zod'
import { exportFormats } from '../backlog/export-formats.ts'
import { call } from './call.ts'
import { ledgerSchema } from './status-schema.ts'

/** Epoch milliseconds. */
const time = z.number()
const count = z.number()
/** A channel by its name, or `folder:<id>`: a folder that was opened. */
const channel = z.string().min(1).max(300)
const folderId = z.string().min(1).max(100)
const path = z.string().min(1).max(4_096)

const openedFolder = z.object({
  /** Whoever knows it may look at the folder; only who may configure is told. */
  id: folderId,
  path: z.string(),
  /** The channel's name, going by the folder's. */
  channel: z.string(),
  /** The process that has it open; null: its agent is stopped. */
  holder: z.number().nullable(),
})

/** At an event's number, at a time, or at an end. */
const start = z.union([
  z.object({ event: z.number().int().min(0) }),
  z.object({ at: time }),
  z.literal('oldest'),
  z.literal('newest'),
])

const query = z.object({
  text: z.string().max(10_000).optional(),
  /** A JavaScript regular expression, instead of `text`. */
  regex: z.string().max(10_000).optional(),
  ignoreCase: z.boolean().optional(),
  in: z.enum(['any', 'body', 'headers']).optional(),
  /** A header that must be there, with this value when one is given. */
  header: z.object({ name: z.string().min(1).max(1_000), value: z.string().max(10_000).optional() }).optional(),
})

const header = z.tuple([z.string(), z.string()])

export const backlogRowSchema = z.object({
  number: count,
  at: time,
  /** Bytes of the body. */
  size: count,
  headers: z.array(header),
  headersCut: z.boolean(),
  /** A part of the body as text, control characters as they are; of binary bodies in hexadecimal. */
  body: z.string(),
  /** Characters (bytes of binary bodies) before that part. */
  bodyFrom: count,
  bodyCut: z.boolean(),
  binary: z.boolean(),
})

const page = z.object({
  /** In ascending order. */
  rows: z.array(backlogRowSchema),
  /** The place of the first row among all that wait; 0 is the oldest. */
  position: count,
  total: count,
})

const limit = z.number().int().min(1).max(500).default(100)

/** What a search or an export has done so far; the last message has `done`. */
const progress = z.object({
  /** Events and bytes (uncompressed) that were looked at, of `total` events. */
  events: count,
  bytes: count,
  total: count,
  /** Blocks that could not be read; blocks that were delivered meanwhile. */
  damaged: count,
  gone: count,
  done: z.boolean(),
})

export const backlogCalls = {
  backlogSummary: call(
    'read',
    'What waits in a channel.',
    z.object({ channel }),
    z.object({
      /** The number of the oldest waiting event, and the number that the next one to come will have. */
      low: count,
      nextEvent: count,
      queued: count,
      bytes: count,
      oldestAt: time.nullable(),
      newestAt: time.nullable(),
      segments: count,
      ledger: ledgerSchema,
    }),
  ),
  backlogPage: call(
    'read',
    'Waiting events from a number, a time or an end on, or back from it; in ascending order either way.',
    z.object({ channel, from: start.default('oldest'), backward: z.boolean().default(false), limit }),
    page,
  ),
  backlogAt: call(
    'read',
    'Waiting events from a place among them on; 0 is the oldest.',
    z.object({ channel, position: z.number().int().min(0), limit }),
    page,
  ),
  backlogEvent: call(
    'read',
    'One waiting event with all its headers and its body.',
    z.object({ channel, number: z.number().int().min(0) }),
    z.object({
      number: count,
      at: time,
      headers: z.array(header),
      /** Base64, at most 1 MB; `size` is that of the whole. */
      body: z.string(),
      size: count,
      /** Where its block lies. */
      segment: count,
      offset: count,
    }),
  ),
  backlogCounts: call(
    'read',
    'How many waiting events have each value of a header, the most frequent first.',
    z.object({
      channel,
      header: z.string().min(1).max(1_000),
      limit: z.number().int().min(1).max(1_000).default(50),
    }),
    z.object({
      values: z.array(z.object({ value: z.string(), events: count })),
      /** Events without the header, and with values that are not in the list. */
      without: count,
      others: count,
      /** Events that were looked at; fewer than `total`: a sample, spread evenly. */
      counted: count,
      total: count,
    }),
  ),
  /** A path leads anywhere that the agent's user may read, as a source's does: so it takes the same role. */
  openFolder: call(
    'configure',
    "Opens a channel's folder that no agent here runs, to look at as `folder:<id>`; nothing is written to it.",
    z.object({ path, keyFile: path.optional() }),
    openedFolder,
  ),
  openedFolders: call('configure', 'The folders that are open.', z.object({}), z.array(openedFolder)),
  openedFolder: call('read', 'One that is open.', z.object({ folder: folderId }), openedFolder),
  closeFolder: call('configure', 'Closes one.', z.object({ folder: folderId }), z.object({})),
  exports: call(
    'read',
    'Finished exports, the newest first.',
    z.object({}),
    z.array(z.object({ file: z.string(), bytes: count, at: time })),
  ),
  removeExport: call('operate', 'Removes a finished export.', z.object({ file: z.string().max(200) }), z.object({})),
} as const

export const backlogSubscriptions = {
  /** Streams what is found, then ends. */
  backlogSearch: {
    role: 'read',
    params: z.object({
      channel,
      query,
      from: start.default('oldest'),
      backward: z.boolean().default(false),
      /** Hits after which it ends. */
      limit: z.number().int().min(1).max(100_000).default(1_000),
    }),
    message: progress.extend({
      hits: z.array(backlogRowSchema),
      /** It ended at `limit` hits; there may be more. */
      limited: z.boolean(),
    }),
  },
  /** Writes what is found into a file in the agent's folder for exports, then ends. Ended early, nothing is left. */
  backlogExport: {
    role: 'operate',
    params: z.object({
      channel,
      query: query.default({}),
      from: start.default('oldest'),
      format: z.enum(exportFormats).default('ndjson'),
    }),
    message: progress.extend({
      /** Events and bytes that were written. */
      written: count,
      writtenBytes: count,
      /** Its name, once it is whole; null until then. */
      file: z.string().nullable(),
    }),
  },
} as const
