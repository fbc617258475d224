import { z } from 'zod'
import { call } from './call.ts'
import { watchedFileSchema } from './status-schema.ts'

/** What went wrong, for a message beside a field: `host`, `port` or the TLS settings. */
export const connectionFailures = [
  'name not found',
  'refused',
  'unreachable',
  'timed out',
  'tls',
  'not avro',
  'closed',
  'other',
] as const

export const fileOrders = ['lag', 'path', 'size', 'read'] as const

export const sourceCalls = {
  sourceFiles: call(
    'read',
    'The files that a source watches, page by page.',
    z.object({
      source: z.string().min(1).max(300),
      /** A part of the path, without regard to case. */
      filter: z.string().max(1_000).default(''),
      /** `noted`: those with something to tell. */
      only: z.enum(['all', 'behind', 'noted', 'skipped']).default('all'),
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(1_000).default(100),
      /** `lag` and `size`: the most first; `read`: the latest first. */
      order: z.enum(fileOrders).default('lag'),
    }),
    z.object({ matched: z.number(), files: z.array(watchedFileSchema) }),
  ),
  testConnection: call(
    'configure',
    'Whether an Avro source answers there: connects and shakes hands, sends no event.',
    z.object({
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65_535),
      /** TLS as in the settings of an Avro sink: `{ ssl: 'true', truststore: … }`; true: with the system's authorities. */
      tls: z.union([z.boolean(), z.record(z.string(), z.string().max(4_096))]).optional(),
      /** A sink of this agent whose TLS and compression settings are used. */
      component: z.string().min(1).max(300).optional(),
      /** Milliseconds. */
      within: z.number().int().min(100).max(60_000).default(5_000),
    }),
    z.object({
      ok: z.boolean(),
      /** In plain words, without a full stop. */
      text: z.string(),
      failure: z.enum(connectionFailures).nullable(),
      /** The error's code, such as SLUICE_PEER; empty when it is well. */
      code: z.string(),
      /** What the name resolved to. */
      addresses: z.array(z.string()),
      milliseconds: z.number(),
    }),
  ),
  testFolder: call(
    'configure',
    'Whether a folder can be watched, and what lies in it.',
    z.object({
      path: z.string().min(1).max(4_096),
      /** A regular expression that a file's whole name matches. */
      pattern: z.string().max(1_000).optional(),
    }),
    z.object({
      ok: z.boolean(),
      text: z.string(),
      code: z.string(),
      /** As an absolute path. */
      path: z.string(),
      /** Files in it, not in folders below; those that match; those of them that cannot be read; bytes of them. */
      files: z.number(),
      matching: z.number(),
      unreadable: z.number(),
      bytes: z.number(),
      /** More files than were looked at one by one: `unreadable` and `bytes` are of the first ones. */
      partial: z.boolean(),
      /** The file of them that was changed last. */
      example: z.string().nullable(),
    }),
  ),
} as const
