import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StaticFiles } from '../../core/console/static-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-static-'))
  writeFileSync(join(folder, 'index.html'), '<html></html>')
  writeFileSync(join(folder, 'built.js'), 'one')
  writeFileSync(join(folder, 'built.js.br'), 'made by the build')
  writeFileSync(join(folder, 'other.js'), 'two')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a file of the page', () => {
  test('goes out as the build compressed it, compressed now where it did not, and plain to who takes no other', async () => {
    const files = new StaticFiles(folder)
    const built = await files.find('/built.js')
    expect((await built?.form('gzip, br'))?.bytes.toString()).toBe('made by the build')
    expect((await built?.form(''))?.bytes.toString()).toBe('one')
    const other = await (await files.find('/other.js'))?.form('br')
    expect(other?.encoding).toBe('br')
    expect(brotliDecompressSync(other?.bytes ?? Buffer.alloc(0)).toString()).toBe('two')
  })

  test('has no address of its own in its compressed form', async () => {
    expect(await new StaticFiles(folder).find('/built.js.br')).toBeUndefined()
  })
})
