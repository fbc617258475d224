import { z } from 'zod'
import { componentKinds, type ComponentKind } from './definition.ts'

/** What a schema declares for one key or, where `group` is true, for all keys below `key.`. */
export interface DeclaredKey {
  /** As in the file: `batch-size`; for a group the prefix without its `.*`. */
  readonly key: string
  readonly group: boolean
  readonly schema: z.core.$ZodType
  /** The building block's name: `text`, `whole`, `secret`, …; `unknown` for a schema made without them. */
  readonly kind: string
  /** For a nested component: its kind. */
  readonly nested: ComponentKind | undefined
  readonly description: string
}

const unwrapped = (schema: z.core.$ZodType): z.core.$ZodType | undefined => {
  const def = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType; out?: z.core.$ZodType }
  return def.innerType ?? def.in
}

/** What `.meta()` and `.describe()` say of a schema, the outermost word first: wrappers do not hand it on by themselves. */
export function metadata(schema: z.core.$ZodType, name: string): unknown {
  for (let one: z.core.$ZodType | undefined = schema; one !== undefined; one = unwrapped(one)) {
    const value = z.globalRegistry.get(one)?.[name]
    if (value !== undefined) return value
  }
  return undefined
}

/** The zod object inside a component's schema, through refinements and transforms; undefined when it is none. */
export function objectSchema(schema: z.core.$ZodType): z.core.$ZodObject | undefined {
  for (let one: z.core.$ZodType | undefined = schema; one !== undefined; one = unwrapped(one))
    if (one._zod.def.type === 'object') return one as z.core.$ZodObject
  return undefined
}

/** The keys that a component's schema declares, in their order. */
export function declaredKeys(schema: z.core.$ZodType): DeclaredKey[] {
  const object = objectSchema(schema)
  if (object === undefined) return []
  return Object.entries(object._zod.def.shape).map(([name, one]) => {
    const kind = metadata(one, 'kind')
    const sample = metadata(one, 'sample')
    const description = metadata(one, 'description')
    return {
      key: name.endsWith('.*') ? name.slice(0, -2) : name,
      group: name.endsWith('.*'),
      schema: one,
      kind: typeof kind === 'string' ? kind : 'unknown',
      nested: kind === 'component' ? componentKinds.find((kind) => kind === sample) : undefined,
      description: typeof description === 'string' ? description : '',
    }
  })
}

export interface ShapedSettings {
  /** What to hand to the schema. */
  readonly input: Readonly<Record<string, unknown>>
  /** Keys that the schema does not declare. */
  readonly unknown: readonly string[]
}

/** Sorts a component's flat keys into what its schema expects; the rules are in `settings.ts`. */
export function shapeSettings(schema: z.core.$ZodType, flat: ReadonlyMap<string, string>): ShapedSettings {
  const declared = declaredKeys(schema)
  const plain = new Set(declared.filter((one) => !one.group).map((one) => one.key))
  const groups = declared
    .filter((one) => one.group)
    .sort((a, b) => b.key.length - a.key.length)
    .map((one) => ({ prefix: `${one.key}.`, entries: [] as [string, string][] }))
  const loose = objectSchema(schema)?._zod.def.catchall?._zod.def.type === 'unknown'
  const input: [string, unknown][] = []
  const unknown: string[] = []
  for (const [key, value] of flat) {
    const group = plain.has(key) ? undefined : groups.find(({ prefix }) => key.startsWith(prefix))
    if (group !== undefined) group.entries.push([key.slice(group.prefix.length), value])
    else if (plain.has(key) || loose) input.push([key, value])
    else unknown.push(key)
  }
  // fromEntries makes own properties, whatever the name: `__proto__` is a key as any other.
  for (const { prefix, entries } of groups) input.push([`${prefix}*`, Object.fromEntries(entries)])
  return { input: Object.fromEntries(input), unknown }
}
