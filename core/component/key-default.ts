import type { z } from 'zod'
import type { DeclaredKey } from './settings-shape.ts'

/** What a key is when it is not given: the default as it would be written, or whether something must be given. */
export interface KeyDefault {
  readonly text: string | undefined
  readonly required: boolean
}

interface AnyDef {
  readonly type: string
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly defaultValue?: unknown
}

export function keyDefault({ schema, group, kind }: DeclaredKey): KeyDefault {
  for (let one: z.core.$ZodType | undefined = schema; one !== undefined;) {
    const def: AnyDef = one._zod.def
    if (def.type === 'default' || def.type === 'prefault')
      return { text: written(def.defaultValue, kind), required: false }
    if (def.type === 'optional') return { text: undefined, required: false }
    one = def.innerType ?? def.in
  }
  // What takes nothing for a value without complaint is not required.
  return { text: undefined, required: !group && !(schema as z.ZodType).safeParse(undefined).success }
}

function written(value: unknown, kind: string): string {
  if (Array.isArray(value)) return value.join(kind === 'commas' ? ',' : ' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
