import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundledModules } from '../../build/bundled-modules.ts'

describe('the notices of what a build has bundled', () => {
  let folder: string
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-bundled-')))
    writeFileSync(
      join(folder, 'ours.js'),
      "import { used } from 'used'\nimport { read } from 'unused'\nconsole.log(used)",
    )
    module('used', 'The terms of used')
    module('unused')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function module(name: string, terms?: string): void {
    const made = join(folder, 'node_modules', name)
    mkdirSync(made, { recursive: true })
    const about = { name, version: '1.0.0', license: 'MIT', type: 'module', main: 'index.js', sideEffects: false }
    writeFileSync(join(made, 'package.json'), JSON.stringify(about))
    writeFileSync(join(made, 'index.js'), `export const used = '${name} is here'\nexport const read = used`)
    if (terms !== undefined) writeFileSync(join(made, 'LICENSE'), terms)
  }

  /** Builds ours.js; the files that came out of it. */
  async function bundle(...more: Plugin[]): Promise<Record<string, string>> {
    const built = await build({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      plugins: [...more, bundledModules('of-a-test', 'notices.txt')],
      build: { write: false, lib: { entry: join(folder, 'ours.js'), formats: ['es'] } },
    })
    const { output } = (built as unknown as [{ output: { fileName: string; source?: string; code?: string }[] }])[0]
    return Object.fromEntries(output.map(({ fileName, source, code }) => [fileName, source ?? code ?? '']))
  }

  it('are of the modules that are in it, and not of those that it leaves out', async () => {
    const { 'notices.txt': notices, ...code } = await bundle()
    expect(Object.values(code).join('')).toContain('used is here')
    expect(notices).toContain('used 1.0.0\n(MIT)')
    expect(notices).toContain('The terms of used')
    expect(notices).not.toContain('unused')
  })

  it('end the build when a module in it has no terms', async () => {
    rmSync(join(folder, 'node_modules/used/LICENSE'))
    await expect(bundle()).rejects.toThrow(/used 1\.0\.0 is in what is shipped, and .* has no file LICENSE/)
  })

  it('end the build when it holds code of which nobody says whose it is', async () => {
    const helper: Plugin = {
      name: 'helper',
      enforce: 'pre',
      resolveId: (id) => (id === 'used' ? '\0of-somebody/help.js' : null),
      load: (id) => (id.startsWith('\0of-somebody') ? 'export const used = [globalThis]' : null),
    }
    await expect(bundle(helper)).rejects.toThrow(/of-somebody\/help\.js", and nobody says whose it is/)
  })
})
