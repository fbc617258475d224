import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { builtinDefinitions } from '../../core/component/builtin.ts'
import { componentReference } from '../../core/component/reference.ts'
import { declaredKeys } from '../../core/component/settings-shape.ts'

test('docs/components.md is what the definitions say (npm run docs writes it)', async () => {
  const page = fileURLToPath(new URL('../../docs/components.md', import.meta.url))
  const config = await resolveConfig(page)
  const text = await format(componentReference(builtinDefinitions), { ...config, filepath: page })
  expect(await readFile(page, 'utf8')).toBe(text)
})

test('every key of every component has a description', () => {
  const silent = builtinDefinitions.flatMap((definition) =>
    declaredKeys(definition.settings)
      .filter(({ description }) => description === '')
      .map(({ key }) => `${definition.kind} ${definition.type}: ${key}`),
  )
  expect(silent).toEqual([])
})
