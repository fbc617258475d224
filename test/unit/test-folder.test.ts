import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testFolder } from '../../core/control/test-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-test-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the test of a folder', () => {
  test('counts the files that match and shows the one that was changed last', async () => {
    for (const [index, name] of ['a.log', 'b.log', 'c.txt'].entries()) {
      writeFileSync(join(folder, name), 'x'.repeat(10))
      utimesSync(join(folder, name), 1_000 + index, 1_000 + index)
    }
    mkdirSync(join(folder, 'sub.log'))
    const answer = await testFolder('.', '.*\\.log', folder)
    expect(answer).toEqual({
      ok: true,
      text: '2 of 3 files match',
      code: '',
      path: folder,
      ...{ files: 3, matching: 2, unreadable: 0, bytes: 20, partial: false },
      example: join(folder, 'b.log'),
    })
  })

  test('an empty folder is well, and so is one where nothing matches yet', async () => {
    expect(await testFolder(folder, undefined, '/')).toMatchObject({ ok: true, files: 0, example: null })
    writeFileSync(join(folder, 'a.log'), '')
    expect((await testFolder(folder, 'b', '/')).text).toContain('none of 1 file matches')
  })

  test('says what is wrong in words: missing, a file, a pattern that cannot be read', async () => {
    const missing = await testFolder(join(folder, 'nope'), undefined, '/')
    expect(missing).toMatchObject({ ok: false, code: 'SLUICE_FILE' })
    expect(missing.text).toContain('there is no such folder')
    writeFileSync(join(folder, 'a.log'), '')
    expect((await testFolder(join(folder, 'a.log'), undefined, '/')).text).toContain('it is a file and no folder')
    expect(await testFolder(folder, '(', '/')).toMatchObject({ ok: false, code: 'SLUICE_CONFIG' })
  })

  test('a link to nothing is no trouble, and thousands of files do not take long', async () => {
    symlinkSync(join(folder, 'gone'), join(folder, 'link.log'))
    for (let index = 0; index < 3_000; index++) writeFileSync(join(folder, `${index}.log`), 'x')
    const answer = await testFolder(folder, undefined, '/')
    expect(answer).toMatchObject({ ok: true, files: 3_001, matching: 3_001, partial: true, unreadable: 0 })
    expect(answer.text).toContain('at least')
  })
})
