/** A schema's CRC-64-AVRO fingerprint (Avro 1.11 specification, "Parsing Canonical Form" and "Schema Fingerprints"). */
import type { AvroSchema } from './avro-schema.ts'

const empty = 0xc15d213aa4d7a795n

const table = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index)
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (value & 1n ? empty : 0n)
  return value
})

/** The Parsing Canonical Form: two schemas that read the same data have the same one. */
export function canonicalForm(schema: AvroSchema, seen = new Set<string>()): string {
  const { typeName, name } = schema
  if (typeName.startsWith('union')) return `[${schema.types.map((one) => canonicalForm(one, seen)).join(',')}]`
  if (typeName === 'array') return `{"type":"array","items":${canonicalForm(schema.itemsType, seen)}}`
  if (typeName === 'map') return `{"type":"map","values":${canonicalForm(schema.valuesType, seen)}}`
  if (name === '') return `"${typeName}"`
  if (seen.has(name)) return `"${name}"`
  seen.add(name)
  const start = `{"name":"${name}","type":"${typeName}"`
  if (typeName === 'enum') return `${start},"symbols":[${schema.symbols.map((one) => `"${one}"`).join(',')}]}`
  if (typeName === 'fixed') return `${start},"size":${schema.size}}`
  const fields = schema.fields.map((field) => `{"name":"${field.name}","type":${canonicalForm(field.type, seen)}}`)
  return `${start},"fields":[${fields.join(',')}]}`
}

/** Sixteen hexadecimal digits, the least significant byte first: as Flume writes it into `flume.avro.schema.hash`. */
export function schemaFingerprint(schema: AvroSchema): string {
  let value = empty
  for (const byte of Buffer.from(canonicalForm(schema)))
    value = (value >> 8n) ^ (table[Number((value ^ BigInt(byte)) & 0xffn)] ?? 0n)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes.toString('hex')
}
