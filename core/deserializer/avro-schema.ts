/**
 * Avro schemas as far as reading what was written by them needs it (Avro 1.11 specification, "Schema Declaration",
 * "Names"). As lenient as Java's reader of files: it does not look at defaults, aliases, logical types or spelling.
 */
import { SluiceError } from '../errors.ts'
import type { SchemaType } from '../rpc/avro-skip.ts'

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

/** A schema whose names are resolved: a record may contain itself. */
export interface AvroSchema extends SchemaType {
  /** Full name of a record, enum or fixed; empty for all others. */
  readonly name: string
  readonly symbols: readonly string[]
  readonly itemsType: AvroSchema
  readonly valuesType: AvroSchema
  readonly fields: readonly { readonly name: string; readonly type: AvroSchema }[]
  readonly types: readonly AvroSchema[]
}

type Made = { -readonly [Key in keyof AvroSchema]?: AvroSchema[Key] } & { typeName: string }

/** Deepest nesting of a schema: more would end the stack. */
const deepest = 200

/** Reads the JSON text of a schema; `SLUICE_FILE` says what is wrong with it. */
export function parseAvroSchema(text: string): AvroSchema {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw wrong('is no JSON', error)
  }
  return new SchemaReader().read(json, '', 0)
}

class SchemaReader {
  readonly #named = new Map<string, AvroSchema>()

  read(json: unknown, space: string, depth: number): AvroSchema {
    if (depth > deepest) throw wrong(`is nested more than ${deepest} deep`)
    if (typeof json === 'string') return this.#reference(json, space)
    if (Array.isArray(json)) {
      const types = json.map((one) => this.read(one, space, depth + 1))
      return made({ typeName: 'union:wrapped', types })
    }
    if (typeof json !== 'object' || json === null) throw wrong(`has ${JSON.stringify(json)} in the place of a type`)
    const map = json as Record<string, unknown>
    switch (map['type']) {
      case 'array':
        return made({ typeName: 'array', itemsType: this.read(map['items'], space, depth + 1) })
      case 'map':
        return made({ typeName: 'map', valuesType: this.read(map['values'], space, depth + 1) })
      case 'record':
      case 'error':
        return this.#record(map, space, depth)
      case 'enum':
        return this.#name({ typeName: 'enum', symbols: texts(map['symbols']) }, map, space)
      case 'fixed': {
        const { size } = map
        if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw wrong('has a fixed of no size')
        return this.#name({ typeName: 'fixed', size }, map, space)
      }
      default:
        return this.read(map['type'], space, depth + 1)
    }
  }

  #record(map: Record<string, unknown>, space: string, depth: number): AvroSchema {
    const fields: { name: string; type: AvroSchema }[] = []
    // Its name is known before its fields are: they may refer to it.
    const record = this.#name({ typeName: 'record', fields }, map, space)
    const inside = record.name.includes('.') ? record.name.slice(0, record.name.lastIndexOf('.')) : ''
    if (!Array.isArray(map['fields'])) throw wrong(`has a record ${record.name} without fields`)
    for (const field of map['fields'] as unknown[]) {
      const { name, type } = (field ?? {}) as Record<string, unknown>
      if (typeof name !== 'string') throw wrong(`has a field without a name in ${record.name}`)
      fields.push({ name, type: this.read(type, inside, depth + 1) })
    }
    return record
  }

  #name(type: Made, map: Record<string, unknown>, space: string): AvroSchema {
    const { name, namespace } = map
    if (typeof name !== 'string' || name === '') throw wrong(`has a type ${type.typeName} without a name`)
    const inside = typeof namespace === 'string' ? namespace : space
    const full = name.includes('.') || inside === '' ? name : `${inside}.${name}`
    if (this.#named.has(full)) throw wrong(`defines ${full} twice`)
    const schema = made({ ...type, name: full })
    this.#named.set(full, schema)
    return schema
  }

  #reference(name: string, space: string): AvroSchema {
    const full = name.includes('.') || space === '' ? name : `${space}.${name}`
    if (primitives.some((one) => one === name)) return made({ typeName: name })
    const schema = this.#named.get(full) ?? this.#named.get(name)
    if (schema === undefined) throw wrong(`refers to ${name}, which it does not define`)
    return schema
  }
}

/** Only the fields of its kind are there, as {@link SchemaType} says. */
const made = (type: Made) => ({ name: '', ...type }) as AvroSchema

function texts(value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw wrong('has an enum without symbols')
}

function wrong(problem: string, cause?: unknown): SluiceError {
  return new SluiceError('SLUICE_FILE', `the schema in the file ${problem}`, { cause })
}
