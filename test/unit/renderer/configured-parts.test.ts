import { describe, expect, test } from 'vitest'
import { editProperties } from '../../../core/config/properties-edit.ts'
import { configuredParts, partChanges, removalChanges } from '../../../renderer/views/configuration/configured-parts.ts'

const text = `a.sources = r1 r2
a.sources.r1.type = seq
a.sources.r1.selector.type = replicating
a.sources.r2.type = netcat
b.sources = r1
`

describe('parts in a configuration text', () => {
  test('are those of the agent, with every key below them', () => {
    expect(configuredParts(text, 'a').map(({ kind, name, type }) => [kind, name, type])).toEqual([
      ['source', 'r1', 'seq'],
      ['source', 'r2', 'netcat'],
    ])
    expect([...(configuredParts(text, 'a')[0]?.settings ?? [])]).toEqual([
      ['type', 'seq'],
      ['selector.type', 'replicating'],
    ])
  })

  test('a new part enters its list, an empty setting leaves, a removed part leaves nothing', () => {
    const sink = {
      kind: 'sink',
      name: 'k1',
      type: 'null',
      settings: new Map([
        ['type', 'null'],
        ['batchSize', ''],
      ]),
    } as const
    const added = editProperties(text, partChanges(text, 'a', sink, undefined))
    expect(configuredParts(added, 'a').find(({ kind }) => kind === 'sink')).toEqual({
      ...sink,
      settings: new Map([['type', 'null']]),
    })
    const [r1] = configuredParts(text, 'a')
    if (r1 === undefined) throw new Error('no r1')
    const cleared = { ...r1, settings: new Map([...r1.settings, ['selector.type', '']]) }
    expect(editProperties(text, partChanges(text, 'a', cleared, r1))).toBe(
      text.replace('a.sources.r1.selector.type = replicating\n', ''),
    )
    expect(editProperties(text, removalChanges(text, 'a', r1))).toBe(
      'a.sources = r2\na.sources.r2.type = netcat\nb.sources = r1\n',
    )
  })
})
