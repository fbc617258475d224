import { z } from 'zod'
import { componentKinds } from '../component/definition.ts'
import { versionOrigins } from '../config/config-versions.ts'
import { call } from './call.ts'

/** Epoch milliseconds. */
const time = z.number()

export const findingSchema = z.object({
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  key: z.string(),
  message: z.string(),
  hint: z.string(),
})

const configFile = z.object({ path: z.string(), text: z.string() })
const files = z.array(configFile).min(1).max(100)
/** Who does it, as the caller says: `window`, `sluice ctl (anna)`. Kept with the version. */
const by = z.string().max(100).default('')

/** `in place`: takes the change while it runs. */
export const partChanges = ['added', 'removed', 'restarted', 'in place'] as const

const partChange = z.object({
  kind: z.enum(['source', 'channel', 'sink', 'sink group']),
  name: z.string(),
  type: z.string(),
  change: z.enum(partChanges),
  /** Why, in a sentence: `capacity changed`, `its channel c1 is restarted`. */
  why: z.string(),
  /** Null: not there. A secret is shown as `***`. */
  settings: z.array(z.object({ key: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
  /** What it means for events: queued ones of a channel, what a source waits to read. Empty: nothing. */
  events: z.string(),
  /** It cannot be applied as long as this part is as it is; `events` says why. */
  refused: z.boolean(),
})

/** One setting of a component, enough to make a field of a form. */
const settingSchema = z.object({
  /** As in the file, below the component: `batch-size`. */
  key: z.string(),
  /** Stands for all keys `key.NAME`. */
  group: z.boolean(),
  /** The form of its value: `text`, `whole`, `flag`, `port`, `choice`, `words`, `commas`, `secret`, `component`, `named`, `unknown`. */
  type: z.string(),
  description: z.string(),
  /** As it would be written; null: none. */
  default: z.string().nullable(),
  required: z.boolean(),
  /** For `choice`: what may be given; for `component`: the known types. Null: anything of its type. */
  choices: z.array(z.string()).nullable(),
  /** Never shown once written. */
  secret: z.boolean(),
  /** For `component`: the kind of what is made; its own settings stand below the same key. */
  nested: z.enum(componentKinds).nullable(),
})

const componentSchema = z.object({
  kind: z.enum(componentKinds),
  type: z.string(),
  aliases: z.array(z.string()),
  summary: z.string(),
  /** Where it differs from Flume on purpose. */
  differences: z.array(z.string()),
  settings: z.array(settingSchema),
})

const configVersion = z.object({
  id: z.number(),
  /** When it was applied. */
  at: time,
  by: z.string(),
  how: z.enum(versionOrigins),
  files: z.array(z.string()),
  /** It is what runs. */
  current: z.boolean(),
})

export const configCalls = {
  configShown: call(
    'read',
    'The configuration files with every secret masked, to look at.',
    z.object({}),
    z.array(configFile),
  ),
  // The texts may hold passwords, so who only reads does not get them.
  configGet: call('configure', 'The configuration files as they are, to edit.', z.object({}), z.array(configFile)),
  // To load a configuration is to run what it names: the program of a config filter, a component of one's own.
  configCheck: call('configure', 'What would be found in these files.', z.object({ files }), z.array(findingSchema)),
  configPreview: call(
    'configure',
    'What would be found in these files and what applying them would do, to the queued events too.',
    z.object({ files }),
    z.object({
      findings: z.array(findingSchema),
      /** Applying would be done; otherwise `summary` says what keeps it from it. */
      applicable: z.boolean(),
      summary: z.string(),
      changes: z.array(partChange),
      /** One unified diff a changed file, secrets masked. */
      diffs: z.array(z.object({ path: z.string(), added: z.number(), removed: z.number(), text: z.string() })),
    }),
  ),
  configApply: call(
    'configure',
    'Writes these files and applies the difference; with an error among the findings nothing happens.',
    z.object({ files, by }),
    z.object({ applied: z.boolean(), findings: z.array(findingSchema) }),
  ),
  configVersions: call(
    'read',
    'The configurations applied before, the newest first.',
    z.object({}),
    z.array(configVersion),
  ),
  configVersion: call(
    'configure',
    'The files of a configuration that was applied before, to look at or to preview.',
    z.object({ id: z.number().int() }),
    z.array(configFile),
  ),
  configRollback: call(
    'configure',
    'Applies a configuration that was applied before, and writes its files.',
    z.object({ id: z.number().int(), by }),
    z.object({ applied: z.boolean(), findings: z.array(findingSchema) }),
  ),
  componentSchemas: call(
    'read',
    'Every component type with its settings, for forms.',
    z.object({}),
    z.array(componentSchema),
  ),
} as const
