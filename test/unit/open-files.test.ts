import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sighting } from '../../core/source/taildir/folder-scan.ts'
import { OpenFiles } from '../../core/source/taildir/open-files.ts'
import { Stream } from '../../core/source/taildir/stream.ts'

test('a file that two come for at the same time is opened once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-open-files-'))
  const path = join(directory, 'a.log')
  writeFileSync(path, 'line\n')
  const group = { name: 'g', directory, pattern: /a/, headers: new Map<string, string>() }
  const stream = new Stream('r/1', sighting(path, group, statSync(path, { bigint: true })))
  const files = new OpenFiles(10)
  const contents = await Promise.all([files.open(stream), files.open(stream), files.open(stream)])
  expect(new Set(contents).size).toBe(1)
  // It is the one that is held, so that closing leaves none open.
  expect(files.held(stream)).toBe(contents[0])
  expect(await contents[0]?.read(Buffer.alloc(10), 0)).toBe(5)
  await files.closeAll()
  await expect(contents[0]?.read(Buffer.alloc(10), 0)).rejects.toThrow()
  rmSync(directory, { recursive: true, force: true })
})
