import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LockFile } from '../../core/lock-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('one holds it at a time, whatever somebody else has written to the file', () => {
  const file = join(folder, 'lock')
  for (const content of ['', 'no database', 'x'.repeat(8192)]) {
    writeFileSync(file, content)
    const first = LockFile.take(file)
    expect(first).toBeDefined()
    expect(LockFile.take(file)).toBeUndefined()
    first?.release()
    const second = LockFile.take(file)
    expect(second).toBeDefined()
    second?.release()
  }
})
