import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { declaredKeys, shapeSettings } from '../../core/component/settings-shape.ts'
import { choice, commas, flag, named, nested, port, secret, text, whole, words } from '../../core/component/settings.ts'

const schema = z.object({
  port: port().describe('where to listen'),
  'batch-size': whole(1).default(100).describe('events at once'),
  'sink.rollInterval': whole().default(30),
  filegroups: words(),
  'filegroups.*': named(),
  'headers.*': named(),
  'headers.static.*': named(),
  password: secret().optional(),
  mode: choice(['in', 'out']).default('in'),
  dirs: commas().optional(),
  verbose: flag().default(false),
  note: text().optional(),
  serializer: nested('serializer').default('text'),
})

const shape = (flat: Record<string, string>) => shapeSettings(schema, new Map(Object.entries(flat)))

describe('flat keys become what a schema expects', () => {
  test('plain keys keep their dots, groups become records, a list stands beside its group', () => {
    const { input, unknown } = shape({
      port: '1',
      'sink.rollInterval': '5',
      filegroups: 'a b',
      'filegroups.a': '/x',
      'filegroups.b.c': '/y',
      dirs: '/one, /two',
    })
    expect(unknown).toEqual([])
    expect(schema.parse(input)).toEqual({
      port: 1,
      'batch-size': 100,
      'sink.rollInterval': 5,
      filegroups: ['a', 'b'],
      'filegroups.*': { a: '/x', 'b.c': '/y' },
      'headers.*': {},
      'headers.static.*': {},
      mode: 'in',
      dirs: ['/one', '/two'],
      verbose: false,
      serializer: 'text',
    })
  })

  test('the longest prefix wins', () => {
    expect(shape({ 'headers.a': '1', 'headers.static.b': '2' }).input).toMatchObject({
      'headers.*': { a: '1' },
      'headers.static.*': { b: '2' },
    })
  })

  test('keys that nobody declared are named, and only a loose object gets them', () => {
    expect(shape({ prot: '1', 'sink.other': '2', headers: '3' }).unknown).toEqual(['prot', 'sink.other', 'headers'])
    const loose = shapeSettings(z.looseObject({ port: port() }), new Map([['other', '1']]))
    expect(loose).toEqual({ input: { other: '1' }, unknown: [] })
  })

  test('a key named __proto__ is a key as any other', () => {
    const { input } = shape({ 'headers.__proto__': 'x', 'filegroups.constructor': '/y' })
    const headers = schema.shape['headers.*'].parse(input['headers.*'])
    expect(Object.keys(headers)).toEqual(['__proto__'])
    expect(Object.entries(headers)).toEqual([['__proto__', 'x']])
    expect(shape({ __proto__x: '1' }).unknown).toEqual(['__proto__x'])
  })

  test('a missing key and a wrong value are told apart from each other', () => {
    const result = schema.safeParse(shape({ 'batch-size': '0', filegroups: 'a' }).input)
    expect(result.error?.issues.map((issue) => [issue.path, issue.message])).toEqual([
      [['port'], 'is missing: give a whole number from 0 to 65535'],
      [['batch-size'], 'give a whole number of at least 1'],
    ])
  })

  test('what is declared can be read through refinements, transforms, defaults and optionals', () => {
    const checked = schema.superRefine(() => undefined).transform((value) => value.port)
    const declared = declaredKeys(checked)
    expect(declared.map(({ key, group, kind }) => `${key}${group ? ' group' : ''} ${kind}`)).toEqual([
      'port port',
      'batch-size whole',
      'sink.rollInterval whole',
      'filegroups words',
      'filegroups group named',
      'headers group named',
      'headers.static group named',
      'password secret',
      'mode choice',
      'dirs commas',
      'verbose flag',
      'note text',
      'serializer component',
    ])
    expect(declared[0]?.description).toBe('where to listen')
    expect(declared[1]?.description).toBe('events at once')
    expect(declared.at(-1)?.nested).toBe('serializer')
    expect(shapeSettings(checked, new Map([['port', '7']])).input).toMatchObject({ port: '7' })
  })
})
