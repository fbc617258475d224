import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { builtinRegistry } from '../../../core/component/builtin.ts'
import { loadConfig } from '../../../core/config/load.ts'

test('the two forms in docs/configuration.md are good and mean the same', async () => {
  const page = await readFile(fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url)), 'utf8')
  const block = (language: string) => page.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? ''
  const load = (path: string, text: string) =>
    loadConfig({ files: [{ path, text }], agent: 'a1', registry: builtinRegistry(), baseDirectory: '/' })
  const properties = await load('flow.properties', block('properties'))
  const yaml = await load('flow.yaml', block('yaml'))
  expect(properties.findings).toEqual([])
  expect(yaml.findings).toEqual([])
  expect(properties.config?.sources[0]?.settings).toBeDefined()
  expect(yaml.config?.sources[0]?.settings).toEqual(properties.config?.sources[0]?.settings)
  expect(yaml.config?.sinks[0]?.settings).toEqual(properties.config?.sinks[0]?.settings)
})
