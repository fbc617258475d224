import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { fc } from '../property-checks.ts'
import { parseAvroSchema } from '../../core/deserializer/avro-schema.ts'
import { canonicalForm, schemaFingerprint } from '../../core/deserializer/schema-fingerprint.ts'

const canonical = (schema: unknown) => canonicalForm(parseAvroSchema(JSON.stringify(schema)))

const space = fc.constantFrom(undefined, 'a', 'a.b', '')

/** Schemas of any shape, each name once. */
const arbitrarySchema = fc
  .letrec((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'),
      fc.constant({ type: 'long', logicalType: 'timestamp-millis' }),
      fc.record({ type: fc.constant('array'), items: tie('schema') }),
      fc.record({ type: fc.constant('map'), values: tie('schema') }),
      fc.record({ type: fc.constant('fixed'), namespace: space, size: fc.nat(20) }),
      fc.record({ type: fc.constant('enum'), namespace: space, symbols: fc.constant(['A', 'B']) }),
      fc.record({
        type: fc.constant('record'),
        namespace: space,
        doc: fc.string(),
        fields: fc.array(fc.record({ type: tie('schema') }), { maxLength: 4 }),
      }),
      fc.constant(['null', 'string']),
    ),
  }))
  .schema.map((schema) => named(schema, { next: 0 }))

function named(schema: unknown, names: { next: number }): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
  const one = { ...(schema as Record<string, unknown>) }
  if (['fixed', 'enum', 'record'].includes(String(one['type']))) one['name'] = `N${names.next++}`
  if (one['namespace'] === undefined) delete one['namespace']
  if ('items' in one) one['items'] = named(one['items'], names)
  if ('values' in one) one['values'] = named(one['values'], names)
  if (Array.isArray(one['fields']))
    one['fields'] = one['fields'].map((field: { type: unknown }, index) => ({
      name: `f${index}`,
      type: named(field.type, names),
    }))
  return one
}

const nestedNames = {
  type: 'record',
  name: 'R',
  namespace: 'a.b',
  aliases: ['Old'],
  fields: [
    { name: 'kind', type: ['null', { type: 'enum', name: 'E', symbols: ['A', 'B'] }], default: null },
    { name: 'four', type: { type: 'fixed', name: 'c.F', size: 4 }, order: 'ignore' },
    { name: 'again', type: 'c.F' },
    { name: 'more', type: { type: 'map', values: 'R' } },
  ],
}

describe('the canonical form of a schema', () => {
  test('is the one that avsc makes', () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true, logicalTypes: {} })
        expect(canonical(schema)).toBe(JSON.stringify(type.schema()))
      }),
      { numRuns: 300 },
    )
  })

  test('has full names, and a name alone where it comes again', () => {
    expect(canonical(nestedNames)).toBe(
      '{"name":"a.b.R","type":"record","fields":[{"name":"kind","type":["null",{"name":"a.b.E","type":"enum","symbols":["A","B"]}]},' +
        '{"name":"four","type":{"name":"c.F","type":"fixed","size":4}},{"name":"again","type":"c.F"},' +
        '{"name":"more","type":{"type":"map","values":"a.b.R"}}]}',
    )
  })
})

test.each([
  // As Avro's Java says them.
  ['"null"', '8a8f25cce724dd63'],
  ['"boolean"', '64f7d4a478fc429f'],
  [JSON.stringify(nestedNames), '3c775cc7f6ee8687'],
])('the fingerprint of %s', (schema, expected) => {
  expect(schemaFingerprint(parseAvroSchema(schema))).toBe(expected)
})

test.each([
  ['{', 'is no JSON'],
  ['"nothing"', 'refers to nothing'],
  ['{"type":"record","name":"R"}', 'R without fields'],
  ['{"type":"record","name":"R","fields":[{"type":"int"}]}', 'a field without a name in R'],
  ['{"type":"enum","symbols":["A"]}', 'without a name'],
  ['{"type":"enum","name":"E"}', 'without symbols'],
  ['{"type":"fixed","name":"F","size":-1}', 'of no size'],
  ['[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]', 'defines F twice'],
  ['{"type":7}', 'has 7 in the place of a type'],
  ['['.repeat(400) + ']'.repeat(400), 'nested'],
])('refuses %s', (schema, problem) => {
  expect(() => parseAvroSchema(schema)).toThrow(problem)
})
