import type { AvroCursor } from '../event/avro-bytes.ts'
import { SluiceError } from '../errors.ts'

/** What avsc makes of a schema, as far as stepping over its values needs it. Only the fields of its kind are there. */
export interface SchemaType {
  readonly typeName: string
  readonly size: number
  readonly itemsType: SchemaType
  readonly valuesType: SchemaType
  readonly fields: readonly { readonly name: string; readonly type: SchemaType }[]
  readonly types: readonly SchemaType[]
}

/** Steps over one value. */
export type Skip = (cursor: AvroCursor, depth: number) => void

/** Deepest nesting of values: more would end the stack. */
const deepest = 64

/** A function that steps over values of `type`, in time that the bytes bound, never a count in them. */
export function compileSkip(type: SchemaType): Skip {
  return compile(type, new Map())
}

const noBytes: Skip = () => {}

function compile(type: SchemaType, known: Map<SchemaType, Skip>): Skip {
  const before = known.get(type)
  if (before) return before
  // Records of records of nothing: to walk them takes time without end, and no byte bounds it.
  if (isEmpty(type, new Map())) {
    known.set(type, noBytes)
    return noBytes
  }
  // A record may contain itself, so its function is known before it is made.
  let made: Skip = () => {}
  const bounded: Skip = (cursor, depth) => {
    if (depth > deepest) throw new SluiceError('SLUICE_EVENT_FORMAT', `values nested more than ${deepest} deep`)
    made(cursor, depth + 1)
  }
  known.set(type, bounded)
  made = build(type, known)
  return bounded
}

/** True when every value of `type` takes no bytes. One that contains itself is none: its depth ends it. */
function isEmpty(type: SchemaType, known: Map<SchemaType, boolean>): boolean {
  const before = known.get(type)
  if (before !== undefined) return before
  known.set(type, false)
  const { typeName, size, fields } = type
  const empty =
    typeName === 'null' ||
    (typeName === 'fixed' && size === 0) ||
    (typeName === 'record' && fields.every((field) => isEmpty(field.type, known)))
  known.set(type, empty)
  return empty
}

function build(type: SchemaType, known: Map<SchemaType, Skip>): Skip {
  switch (type.typeName) {
    case 'null':
      return noBytes
    case 'boolean':
      return (cursor) => advance(cursor, 1)
    case 'float':
      return (cursor) => advance(cursor, 4)
    case 'double':
      return (cursor) => advance(cursor, 8)
    case 'fixed': {
      const { size } = type
      return (cursor) => advance(cursor, size)
    }
    case 'int':
    case 'long':
    case 'enum':
      return skipNumber
    case 'bytes':
    case 'string':
      return (cursor) => cursor.skip()
    case 'array':
      return blocks(compile(type.itemsType, known))
    case 'map': {
      const value = compile(type.valuesType, known)
      return blocks((cursor, depth) => {
        cursor.skip()
        value(cursor, depth)
      })
    }
    case 'record': {
      const fields = type.fields.map((field) => compile(field.type, known))
      return (cursor, depth) => {
        for (const field of fields) field(cursor, depth)
      }
    }
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = type.types.map((branch) => compile(branch, known))
      return (cursor, depth) => {
        const branch = branches[cursor.long()]
        if (branch === undefined) throw new SluiceError('SLUICE_EVENT_FORMAT', 'union index out of range')
        branch(cursor, depth)
      }
    }
    default:
      throw new SluiceError('SLUICE_PEER', `type ${type.typeName} is not supported in an event`)
  }
}

function blocks(item: Skip): Skip {
  return (cursor, depth) => {
    for (;;) {
      let count = cursor.long()
      if (count === 0) return
      if (count < 0) {
        cursor.long()
        count = -count
      }
      for (; count > 0; count--) {
        const start = cursor.at
        item(cursor, depth)
        // Items without bytes: all that follow are the same.
        if (cursor.at === start) break
      }
    }
  }
}

/** Numbers of 64 bits take ten bytes: more than the cursor makes a number of. */
function skipNumber(cursor: AvroCursor): void {
  for (let count = 0; count < 10; count++) {
    if (cursor.at >= cursor.end) throw new SluiceError('SLUICE_EVENT_FORMAT', 'Avro data ends inside a number')
    if ((cursor.bytes[cursor.at++] ?? 0) < 0x80) return
  }
  throw new SluiceError('SLUICE_EVENT_FORMAT', `Avro number too long at byte ${cursor.at}`)
}

function advance(cursor: AvroCursor, size: number): void {
  if (size > cursor.end - cursor.at) throw new SluiceError('SLUICE_EVENT_FORMAT', 'a value leaves the data')
  cursor.at += size
}
